import { type ComponentType, type JSX, render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLive } from './api.ts'
import type { PageProps } from './page-props.ts'
import { DataPage } from './pages/data.tsx'
import { FlowPage, FlowsPage } from './pages/flows.tsx'
import { LoadTestsPage } from './pages/load-tests.tsx'
import { ComparePage, ModelPage, ModelsPage } from './pages/models.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { RunPage, RunsPage, StudyPage } from './pages/runs.tsx'
import { TryPage } from './pages/try-it.tsx'
import './style.css'

const pages: Readonly<
  Record<
    string,
    { readonly name: string; readonly page: ComponentType<PageProps>; readonly isHidden?: boolean }
  >
> = {
  overview: { name: 'Overview', page: OverviewPage },
  models: { name: 'Models', page: ModelsPage },
  model: { name: 'Model', page: ModelPage, isHidden: true },
  compare: { name: 'Compare', page: ComparePage, isHidden: true },
  runs: { name: 'Runs', page: RunsPage },
  run: { name: 'Run', page: RunPage, isHidden: true },
  study: { name: 'Study', page: StudyPage, isHidden: true },
  flows: { name: 'Flows', page: FlowsPage },
  flow: { name: 'Flow run', page: FlowPage, isHidden: true },
  data: { name: 'Data', page: DataPage },
  try: { name: 'Try it', page: TryPage },
  'load-tests': { name: 'Load tests', page: LoadTestsPage },
}

/** Where pages that are not in the navigation belong. */
const parents: Readonly<Record<string, string>> = {
  model: 'models',
  compare: 'models',
  run: 'runs',
  study: 'runs',
  flow: 'flows',
}

function partsOf(hash: string): string[] {
  const parts = hash
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map(plainText)
  return parts.length === 0 ? ['overview'] : parts
}

/** A link that somebody has cut off or typed may hold a lone %, which stands for itself. */
function plainText(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function App(): JSX.Element {
  const [parts, setParts] = useState(partsOf(location.hash))
  const main = useRef<HTMLElement>(null)
  const isLive = useLive()
  useEffect(() => {
    const onChange = () => {
      setParts(partsOf(location.hash))
      window.scrollTo(0, 0)
      main.current?.focus({ preventScroll: true })
    }
    window.addEventListener('hashchange', onChange)
    return () => window.removeEventListener('hashchange', onChange)
  }, [])
  const [name = 'overview', ...rest] = parts
  const found = Object.hasOwn(pages, name) ? pages[name] : undefined
  useEffect(() => {
    document.querySelector('nav [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' })
    document.title = `${[found?.name ?? 'Not found', ...rest].join(' ')} · recsys`
  }, [parts])
  const current = parents[name] ?? name
  const Page = found?.page
  return (
    <>
      <a class="skip" href={`#/${parts.join('/')}`} onClick={() => main.current?.focus()}>
        To the content
      </a>
      <header class="top">
        <strong>recsys</strong>
        <nav aria-label="Pages">
          {Object.entries(pages)
            .filter(([, { isHidden }]) => !isHidden)
            .map(([key, { name: title }]) => (
              <a key={key} href={`#/${key}`} aria-current={key === current ? 'page' : undefined}>
                {title}
              </a>
            ))}
        </nav>
        <span class={isLive ? 'live' : 'live off'} role="status">
          {isLive ? 'live' : 'not connected'}
        </span>
      </header>
      <main ref={main} tabIndex={-1}>
        {Page ? <Page key={parts.join('/')} parts={rest} /> : <p class="waiting">There is no page {name}.</p>}
      </main>
    </>
  )
}

const place = document.getElementById('app')!
place.replaceChildren()
render(<App />, place)

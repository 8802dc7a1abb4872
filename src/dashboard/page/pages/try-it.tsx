import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Answers, CatalogueItem, RankedItem, SimilarAnswer, TryAnswer } from '../../types.ts'
import { useData } from '../api.ts'
import { figure } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Card, Empty, Show } from '../ui.tsx'
import { VersionSelect } from './version-select.tsx'

export function TryPage({ parts: [given] }: PageProps): JSX.Element {
  const [typed, setTyped] = useState(given ?? '')
  const [asked, setAsked] = useState(given)
  const [first, setFirst] = useState<number | undefined>()
  const [second, setSecond] = useState<number | undefined>()
  const models = useData<Answers['models']>('models')
  const overview = useData<{ registry: { name: string } }>('overview')
  const users = useData<Answers['users']>(`users?prefix=${encodeURIComponent(typed)}`, [])
  const name = overview.data?.registry.name
  const versions = (models.data?.versions ?? []).filter((version) => version.name === name)
  const userId = asked ?? users.data?.users[0]
  return (
    <>
      <h1>Try it</h1>
      <Card>
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault()
            if (typed !== '') setAsked(typed)
          }}
        >
          <label class="field">
            User
            <input
              list="users"
              value={typed}
              placeholder={userId ?? 'id of a user'}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
          <datalist id="users">
            {(users.data?.users ?? []).map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
          <VersionSelect
            label="Version"
            none="in production, or the newest"
            versions={versions}
            value={first}
            onChoose={setFirst}
          />
          <VersionSelect
            label="beside"
            none="nothing"
            versions={versions}
            value={second}
            onChoose={setSecond}
          />
          <button class="button main" type="submit">
            Show
          </button>
        </form>
      </Card>
      {users.error && asked === undefined ? <Show loaded={users}>{() => null}</Show> : null}
      {userId === undefined ? null : (
        <div class="grid">
          <Recommendations key={`${userId} ${first}`} userId={userId} version={first} withHistory />
          {second === undefined ? null : (
            <Recommendations key={`${userId} ${second}`} userId={userId} version={second} />
          )}
        </div>
      )}
    </>
  )
}

function Recommendations({
  userId,
  version,
  withHistory,
}: {
  userId: string
  version: number | undefined
  withHistory?: boolean
}): JSX.Element {
  const query = version === undefined ? '' : `?version=${version}`
  const answer = useData<TryAnswer>(`try/${encodeURIComponent(userId)}${query}`)
  const [similarTo, setSimilarTo] = useState<CatalogueItem | undefined>()
  return (
    <Show loaded={answer}>
      {({ recommendation, history, version: used }) => (
        <>
          <Card title={`For ${userId} by v${used.version}, ${used.algorithm}`}>
            {recommendation.known ? null : (
              <p class="note">
                The model does not know this user: these are {recommendation.items[0]?.source ?? 'none'}{' '}
                items.
              </p>
            )}
            {recommendation.items.length === 0 ? <Empty>Nothing is left to recommend.</Empty> : null}
            <ol class="items">
              {recommendation.items.map((item) => (
                <Item
                  key={item.itemId}
                  item={item}
                  source={item.source}
                  onSimilar={() => setSimilarTo(item)}
                />
              ))}
            </ol>
          </Card>
          {similarTo ? <Similar item={similarTo} version={used.version} /> : null}
          {withHistory ? (
            <Card title={`What ${userId} has: ${history.total} items`}>
              {history.items.length === 0 ? <Empty>Nothing that the model learnt from.</Empty> : null}
              <ol class="items">
                {history.items.slice(0, 50).map(({ itemId, title, categories }) => (
                  <li key={itemId}>
                    {title ?? itemId} <span class="soft small">{categories.join(', ')}</span>
                  </li>
                ))}
              </ol>
              {history.items.length > 50 ? <p class="soft small">and more</p> : null}
            </Card>
          ) : null}
        </>
      )}
    </Show>
  )
}

function Item({
  item,
  source,
  onSimilar,
}: {
  item: RankedItem
  source: string
  onSimilar?: () => void
}): JSX.Element {
  const { itemId, title, categories, score, reasons = [] } = item
  return (
    <li>
      <strong>{title ?? itemId}</strong>{' '}
      <span class="soft small">{[...categories, `score ${figure(score)}`, source].join(', ')}</span>{' '}
      {onSimilar ? (
        <button
          type="button"
          class="button small"
          onClick={onSimilar}
          aria-label={`items similar to ${title ?? itemId}`}
        >
          similar
        </button>
      ) : null}
      {reasons.length > 0 ? (
        <div class="small soft">
          because of{' '}
          {reasons.map((reason) => `${reason.title ?? reason.itemId} (${figure(reason.weight)})`).join(', ')}
        </div>
      ) : null}
    </li>
  )
}

function Similar({ item, version }: { item: CatalogueItem; version: number }): JSX.Element {
  const answer = useData<SimilarAnswer>(`similar/${encodeURIComponent(item.itemId)}?version=${version}`)
  return (
    <Card title={`Nearest to ${item.title ?? item.itemId}`}>
      <Show loaded={answer}>
        {({ items }) => (
          <ol class="items">
            {items.map((each) => (
              <Item key={each.itemId} item={each} source="similar" />
            ))}
          </ol>
        )}
      </Show>
    </Card>
  )
}

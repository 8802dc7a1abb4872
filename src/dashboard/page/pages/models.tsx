import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { AuditEntry, ModelVersion } from '../../../registry/types.ts'
import type { Answers, CompareAnswer, ModelAnswer } from '../../types.ts'
import { postJson, useData } from '../api.ts'
import { count, figure, metricNames, percent } from '../format.ts'
import type { PageProps } from '../page-props.ts'
import { Action, Badge, Card, type Column, Empty, Figures, Show, Table, Time } from '../ui.tsx'
import { LearningCurves } from './learning-curves.tsx'
import { RunFigures } from './run-figures.tsx'
import { VersionSelect } from './version-select.tsx'

export function ModelsPage(): JSX.Element {
  const models = useData<Answers['models']>('models')
  return (
    <>
      <h1>Models</h1>
      <Show loaded={models}>
        {({ versions, history, names }) =>
          versions.length === 0 ? (
            <Empty>No versions. Train one with `recsys train`, or all at once with `recsys retrain`.</Empty>
          ) : (
            <>
              <Card title="Compare two versions">
                <CompareForm versions={versions} names={names} />
              </Card>
              <Card title="Versions">
                <VersionTable versions={versions} />
              </Card>
              <Card title="Audit trail">
                <AuditTable entries={history} />
              </Card>
            </>
          )
        }
      </Show>
    </>
  )
}

function VersionTable({ versions }: { versions: readonly ModelVersion[] }): JSX.Element {
  const metrics = metricNames(versions.map((version) => version.metrics)).slice(0, 4)
  const columns: Column<ModelVersion>[] = [
    {
      name: 'version',
      cell: ({ name, version }) => (
        <a href={`#/model/${name}/${version}`}>
          {name} v{version}
        </a>
      ),
    },
    { name: 'stage', cell: ({ stage }) => (stage === 'none' ? '' : <Badge state={stage} />) },
    { name: 'algorithm', cell: ({ algorithm }) => algorithm },
    ...metrics.map((metric) => ({
      name: metric,
      isNumber: true,
      cell: (version: ModelVersion) => figure(version.metrics[metric]),
    })),
    { name: 'run', cell: ({ runId }) => <a href={`#/run/${runId}`}>{runId}</a> },
    { name: 'created', cell: ({ createdAt }) => <Time iso={createdAt} /> },
  ]
  return (
    <Table
      label="versions"
      rows={versions}
      columns={columns}
      keyOf={({ name, version }) => `${name} ${version}`}
    />
  )
}

function CompareForm({
  versions,
  names,
}: {
  versions: readonly ModelVersion[]
  names: readonly string[]
}): JSX.Element {
  const [name, setName] = useState(names[0] ?? '')
  const own = versions.filter((version) => version.name === name).toSorted((a, b) => b.version - a.version)
  const production = own.find(({ stage }) => stage === 'production')
  const [first, setFirst] = useState<number | undefined>()
  const [second, setSecond] = useState<number | undefined>()
  const challenger = first ?? own.find(({ stage }) => stage !== 'production')?.version
  const champion = second ?? production?.version ?? own.at(-1)?.version
  if (own.length < 2 && names.length < 2) return <Empty>There is one version so far.</Empty>
  return (
    <div class="row">
      {names.length > 1 ? (
        <label class="field">
          Model
          <select value={name} onChange={(event) => setName(event.currentTarget.value)}>
            {names.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      ) : null}
      <VersionSelect label="Version" versions={own} value={challenger} onChoose={setFirst} />
      <VersionSelect label="against" versions={own} value={champion} onChoose={setSecond} />
      {challenger !== undefined && champion !== undefined && challenger !== champion ? (
        <a class="button" href={`#/compare/${name}/${challenger}/${champion}`}>
          Compare
        </a>
      ) : (
        <span class="soft">Choose two different ones.</span>
      )}
    </div>
  )
}

export function AuditTable({ entries }: { entries: readonly AuditEntry[] }): JSX.Element {
  if (entries.length === 0) return <Empty>Nothing was decided yet.</Empty>
  return (
    <Table
      label="audit trail"
      rows={entries}
      keyOf={({ id }) => id}
      columns={[
        { name: 'when', cell: ({ at }) => <Time iso={at} /> },
        { name: 'what', cell: ({ action }) => <Badge state={action} /> },
        {
          name: 'version',
          cell: ({ name, version }) => (
            <a href={`#/model/${name}/${version}`}>
              {name} v{version}
            </a>
          ),
        },
        {
          name: 'instead of',
          cell: ({ previousVersion }) => (previousVersion === null ? '' : `v${previousVersion}`),
        },
        { name: 'stage', cell: ({ stage }) => stage },
        { name: 'why', isWide: true, cell: ({ reason }) => reason },
      ]}
    />
  )
}

export function ModelPage({ parts: [name = '', number = ''] }: PageProps): JSX.Element {
  const model = useData<ModelAnswer>(`models/${encodeURIComponent(name)}/${encodeURIComponent(number)}`)
  return (
    <>
      <h1>
        {name} v{number}
      </h1>
      <Show loaded={model}>{(answer) => <Model answer={answer} />}</Show>
    </>
  )
}

function Model({ answer }: { answer: ModelAnswer }): JSX.Element {
  const { version, run, epochs, history, loadTest, clickThrough } = answer
  const at = `models/${encodeURIComponent(version.name)}`
  const [said, setSaid] = useState('')
  return (
    <>
      <p class="lead">
        {version.algorithm} <Badge state={version.stage === 'none' ? 'no stage' : version.stage} />
      </p>
      <Card title="Where it comes from">
        <Lineage answer={answer} />
      </Card>
      <Card title="Change what is in production">
        <div class="row">
          {version.stage === 'production' ? (
            <Action
              onSaid={setSaid}
              text="Roll back to the version before"
              question={`Put the version before ${version.name} v${version.version} back into production?`}
              act={async () => {
                const done = await postJson<Answers['rollback']>(`${at}/rollback`, {
                  reason: 'asked for on the dashboard',
                })
                return `v${done.version} is back in production, in place of v${done.replaced}.`
              }}
            />
          ) : (
            <>
              <Action
                onSaid={setSaid}
                text="Promote to production"
                isMain={true}
                question={`Promote ${version.name} v${version.version} to production, if the policy lets it pass?`}
                act={() => promote(`${at}/${version.version}/promote`, 'production')}
              />
              {version.stage === 'staging' ? null : (
                <Action
                  onSaid={setSaid}
                  text="Promote to staging"
                  act={() => promote(`${at}/${version.version}/promote`, 'staging')}
                />
              )}
            </>
          )}
        </div>
        {said === '' ? null : <p role="status">{said}</p>}
        <p class="small soft">
          Both versions are scored anew and judged by the policy; what comes of it is in the audit trail.
        </p>
      </Card>
      <RunFigures metrics={version.metrics} params={run.params} />
      {clickThrough || loadTest ? (
        <Card title="In service">
          <Figures
            rows={[
              ...(clickThrough
                ? [
                    ['recommendations', count(clickThrough.recommendations)] as const,
                    ['clicks', count(clickThrough.clicks)] as const,
                    ['click-through', percent(clickThrough.clickThrough, 2)] as const,
                  ]
                : []),
              ...Object.entries(loadTest ?? {}).map(
                ([key, value]) => [`load test: ${key}`, figure(value), true] as const,
              ),
            ]}
          />
        </Card>
      ) : null}
      <Card title="Learning curves">
        <LearningCurves runs={[{ name: version.algorithm, epochs }]} />
      </Card>
      <Card title="What happened to it">
        <AuditTable entries={history} />
      </Card>
    </>
  )
}

async function promote(path: string, stage: 'staging' | 'production'): Promise<string> {
  const { outcome, reason, version } = await postJson<Answers['promote']>(path, { stage })
  return outcome === 'refused'
    ? `v${version} stays out of ${stage}: ${reason}.`
    : `v${version} is in ${stage} now: ${reason}.`
}

function Lineage({ answer: { version, run } }: { answer: ModelAnswer }): JSX.Element {
  return (
    <ol class="items">
      <li>
        version {version.version}, created <Time iso={version.createdAt} />
      </li>
      <li>
        from run <a href={`#/run/${run.runId}`}>{run.runId}</a>, seed {run.seed}, recsys {run.programVersion}{' '}
        on Node {run.nodeVersion}
      </li>
      <li>
        on <a href="#/data">lake version {run.lakeVersion}</a>
      </li>
      <li>
        split {run.split}, fingerprint <code>{run.splitFingerprint?.slice(0, 12) ?? 'unknown'}</code>
        {run.heldOut.nHeldOutRows === undefined ? '' : `, ${count(run.heldOut.nHeldOutRows)} rows held out`}
      </li>
    </ol>
  )
}

export function ComparePage({ parts: [name = '', first = '', second = ''] }: PageProps): JSX.Element {
  const query = new URLSearchParams({ name, first, second })
  const answer = useData<CompareAnswer>(`compare?${query}`, [])
  return (
    <>
      <h1>
        {name}: v{first} against v{second}
      </h1>
      {answer.data || answer.error ? null : (
        <p class="note">Both are being scored on the same held-out rows; that takes some seconds.</p>
      )}
      <Show loaded={answer}>{(data) => <Comparison answer={data} />}</Show>
    </>
  )
}

function Comparison({ answer }: { answer: CompareAnswer }): JSX.Element {
  const { comparison, challenger, champion } = answer
  const params = [...new Set([...Object.keys(challenger.run.params), ...Object.keys(champion.run.params)])]
  const value = (side: CompareAnswer['challenger'], key: string) => String(side.run.params[key] ?? '–')
  return (
    <>
      <p class="lead">
        {count(comparison.nHeldOutRows)} held-out ratings of lake version {comparison.lakeVersion}, split{' '}
        {comparison.split}; gains of {challenger.version.algorithm} over {champion.version.algorithm},
        intervals of {percent(comparison.confidence, 0)}
      </p>
      {comparison.notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
      <Card title="Metrics">
        <Table
          label="metrics of both"
          rows={comparison.results}
          keyOf={({ metric }) => metric}
          columns={[
            { name: 'metric', cell: ({ metric }) => metric },
            {
              name: `v${challenger.version.version}`,
              isNumber: true,
              cell: ({ metric }) => figure(comparison.challenger.metrics[metric]),
            },
            {
              name: `v${champion.version.version}`,
              isNumber: true,
              cell: ({ metric }) => figure(comparison.champion.metrics[metric]),
            },
            { name: 'gain', isNumber: true, cell: ({ gain }) => figure(gain) },
            { name: 'interval', cell: ({ interval }) => `${figure(interval[0])} to ${figure(interval[1])}` },
            { name: 'verdict', cell: ({ verdict }) => verdict },
          ]}
        />
      </Card>
      <Card title="Parameters">
        <Table
          label="parameters of both"
          rows={params}
          keyOf={(key) => key}
          columns={[
            { name: 'parameter', cell: (key) => key },
            { name: `v${challenger.version.version}`, cell: (key) => value(challenger, key) },
            { name: `v${champion.version.version}`, cell: (key) => value(champion, key) },
          ]}
        />
      </Card>
      <Card title="Learning curves">
        <LearningCurves
          runs={[challenger, champion].map(({ version, epochs }) => ({
            name: `v${version.version} ${version.algorithm}`,
            epochs,
          }))}
        />
      </Card>
    </>
  )
}

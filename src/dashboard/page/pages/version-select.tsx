import type { JSX } from 'preact'
import type { ModelVersion } from '../../../registry/types.ts'

/** @param props.none  what it says where no version is chosen; left out: one has to be */
export function VersionSelect(props: {
  label: string
  versions: readonly ModelVersion[]
  value: number | undefined
  none?: string
  onChoose: (version: number | undefined) => void
}): JSX.Element {
  const { label, versions, value, none, onChoose } = props
  return (
    <label class="field">
      {label}
      <select
        value={value ?? ''}
        onChange={({ currentTarget }) =>
          onChoose(currentTarget.value === '' ? undefined : Number(currentTarget.value))
        }
      >
        {none === undefined ? null : <option value="">{none}</option>}
        {versions.map(({ version, algorithm, stage }) => (
          <option key={version} value={version}>
            v{version} {algorithm} {stage === 'none' ? '' : stage}
          </option>
        ))}
      </select>
    </label>
  )
}

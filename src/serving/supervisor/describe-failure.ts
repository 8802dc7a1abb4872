import { RecsysError } from '../../errors.ts'

/** Why a model could not be brought into service, for people and scripts. */
export function describe(error: unknown): { code: string; message: string; remedy: string } {
  if (error instanceof RecsysError) {
    const { code, message, remedy } = error
    return { code, message, remedy }
  }
  return { code: 'RECSYS_MODEL_UNFIT', message: String(error), remedy: 'Report it with the log lines.' }
}

import type { FastifyInstance } from 'fastify'
import { RecsysError } from '../../errors.ts'
import { programVersion } from '../../host.ts'
import type { ModelIdentity } from '../types.ts'
import { type AppContext, modelInService } from './app-context.ts'
import { errorResponse, openObject } from './schemas.ts'
import { preview } from './violations.ts'

interface ModelParams {
  readonly name: string
  readonly version?: string
}

const tags = ['health']
const refusals = { 404: errorResponse, 503: errorResponse }

/**
 * The health and metadata routes of the Open Inference Protocol (v2, REST), by which KServe and its like watch a model
 * server. Inference itself speaks of tensors and is not ours to answer: recommendations have routes of their own.
 */
export function registerInferenceProtocol(app: FastifyInstance, context: AppContext): void {
  const config = { scope: 'public' } as const
  const version = programVersion()
  const described = (operationId: string, summary: string) => ({
    ...{ operationId, summary, tags },
    response: { 200: openObject(summary), ...refusals },
  })
  app.get('/v2', { config, schema: described('serverMetadata', 'name and version of the server') }, () => {
    return { name: 'recsys', version, extensions: [] }
  })
  app.get('/v2/health/live', { config, schema: described('serverLive', 'is the process alive?') }, () => {
    return { live: true }
  })
  app.get('/v2/health/ready', { config, schema: described('serverReady', 'is a model in service?') }, () => {
    modelInService(context)
    return { ready: true }
  })
  for (const path of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    const suffix = path.endsWith(':version') ? 'Version' : ''
    app.get<{ Params: ModelParams }>(
      path,
      { config, schema: described(`modelMetadata${suffix}`, 'the model in service') },
      ({ params }) => metadataOf(wantedModel(context, params)),
    )
    app.get<{ Params: ModelParams }>(
      `${path}/ready`,
      { config, schema: described(`modelReady${suffix}`, 'is this model in service?') },
      ({ params }) => {
        const { name } = wantedModel(context, params)
        return { name, ready: true }
      },
    )
  }
}

/** @throws RECSYS_NOT_READY without a model, RECSYS_MODEL_NOT_SERVED when it is another one */
function wantedModel(context: AppContext, { name, version }: ModelParams): ModelIdentity {
  const { identity } = modelInService(context)
  const isVersion = version === undefined || version === String(identity.version)
  if (identity.name === name && isVersion) return identity
  const wanted = version === undefined ? preview(name) : `version ${preview(version)} of ${preview(name)}`
  throw new RecsysError('RECSYS_MODEL_NOT_SERVED', { message: `${wanted} is not in service here` })
}

function metadataOf({ name, version, algorithm }: ModelIdentity) {
  return {
    name,
    versions: version === null ? [] : [String(version)],
    platform: `recsys_${algorithm}`,
    inputs: [{ name: 'userId', datatype: 'BYTES', shape: [1] }],
    outputs: [
      { name: 'itemId', datatype: 'BYTES', shape: [-1] },
      { name: 'score', datatype: 'FP32', shape: [-1] },
    ],
  }
}

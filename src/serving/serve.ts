import { Supervisor } from './supervisor/supervisor.ts'
import type { RunningServer, ServeOptions } from './types.ts'

/**
 * Serves recommendations until it is stopped. The calling thread supervises: it watches the registry, has new models
 * loaded and replaces threads that die; request threads answer.
 *
 * Resolves when the port listens and the first look into the registry is over. A model need not be in service then:
 * what is missing is retried, and /health/ready says so.
 * @throws RECSYS_PORT_IN_USE | RECSYS_PORT_FORBIDDEN | RECSYS_HOST_UNAVAILABLE
 */
export function serve(options: ServeOptions): Promise<RunningServer> {
  return Supervisor.start(options)
}

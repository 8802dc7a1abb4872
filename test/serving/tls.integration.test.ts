import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runRecsys, temporaryDirectory } from '../helpers/run-recsys.ts'
import { startServer } from './fixture-server.ts'
import { publish } from './registered.ts'

/** A certificate for localhost that signs itself, made by the system's openssl. */
function certificate(directory: string, name: string) {
  const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const flags = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...flags, ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  return { cert, key }
}

function getStatus(port: number, ca: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const options = { host: 'localhost', port, path: '/recommendations/u1', ca, agent: false } as const
  request(options, (response) => {
    response.resume().on('end', () => resolve(response.statusCode))
  })
    .on('error', reject)
    .end()
  return promise
}

describe('serve over TLS', () => {
  test('answers whoever trusts the certificate, and nobody in plain text', async () => {
    const dataDir = temporaryDirectory()
    await publish(dataDir)
    const files = certificate(dataDir, 'server')
    const [cert, key] = [readFileSync(files.cert, 'utf8'), readFileSync(files.key, 'utf8')]
    const server = await startServer(dataDir, { tls: { cert, key }, host: 'localhost' })
    expect(server.url).toMatch(/^https:/)
    expect(await getStatus(server.port, cert)).toBe(200)
    await expect(
      getStatus(server.port, readFileSync(certificate(dataDir, 'other').cert, 'utf8')),
    ).rejects.toThrow()
    await expect(fetch(`http://localhost:${server.port}/health`)).rejects.toThrow()
  })

  test('refuses a certificate and key that do not belong together, or are not there', async () => {
    const dataDir = temporaryDirectory()
    const [one, other] = [certificate(dataDir, 'one'), certificate(dataDir, 'other')]
    writeFileSync(join(dataDir, 'text'), 'no PEM')
    const serve = (cert: string, key: string) =>
      runRecsys(['serve', '--data-dir', dataDir, '--port', '0', '--tls-cert', cert, '--tls-key', key])
    for (const [cert, key, words] of [
      [one.cert, other.key, 'is not the key of the certificate'],
      [join(dataDir, 'text'), one.key, 'expected a file in PEM'],
      [join(dataDir, 'missing'), one.key, 'no such file'],
    ] as const) {
      const { exitCode, stderr } = await serve(cert, key)
      expect(exitCode).toBe(2)
      expect(stderr).toContain(words)
    }
  })
})

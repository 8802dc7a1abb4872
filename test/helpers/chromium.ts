import { existsSync } from 'node:fs'

/** Debian's browser, or another of its kind; undefined, said once on stderr, where there is none. */
export function chromiumPath(): string | undefined {
  const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const found = paths.find((path) => existsSync(path))
  if (found === undefined)
    process.stderr.write('skipped in a browser: no chromium; `make browser` installs it\n')
  return found
}

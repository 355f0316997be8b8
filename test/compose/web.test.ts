import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { readWeb } from '#compose/web.ts'

const BUILD = join(import.meta.dirname, '..', '..', 'scripts', 'build-web.ts')
/** Everything that a first visit loads, compressed, in bytes. */
const FIRST_LOAD_BYTES_MAX = 150_000

test('equal sources give equal files, small enough for a thin link, and no other host in them', async (t) => {
  const folder = t.testdir()
  const [one, two] = [join(folder, 'one'), join(folder, 'two')]
  for (const target of [one, two]) await promisify(execFile)(process.execPath, [BUILD, target])
  const files = (await readWeb(one)) ?? []

  t.strictSame(files, await readWeb(two))
  const bytes = files.reduce((sum, { brotli }) => sum + brotli.length, 0)
  t.ok(bytes < FIRST_LOAD_BYTES_MAX, `${bytes} bytes`)
  for (const { plain, gzip, brotli, isForever, url, type } of files) {
    t.ok(gunzipSync(gzip).equals(plain) && brotliDecompressSync(brotli).equals(plain), url)
    t.equal(isForever, /^\/assets\/.*-[A-Z0-9]{8}\.(?:js|css)$/.test(url), url)
    if (type.startsWith('text/html')) t.notMatch(plain.toString(), /<style|<script>|style="|onload/)
  }
  t.ok(files.some(({ url }) => url === '/'))
})

test('a node without a built client serves without it', async (t) => {
  t.equal(await readWeb(join(t.testdir(), 'nowhere')), undefined)
})

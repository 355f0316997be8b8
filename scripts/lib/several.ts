/**
 * Runs the test files that it is given one after another in this process, each a subtest by its name: `several.ts FILE…`.
 *
 * Most of what a small file takes is Node's and tap's beginning and our modules; here all but the first find them there.
 * Started by `test-files.ts`, from the root.
 */
import { registerHooks } from 'node:module'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { t } from 'tap'
import { begin } from './one-file.ts'

const ONE_FILE = pathToFileURL(path.join(import.meta.dirname, 'one-file.ts')).href
const files = process.argv.slice(2)
const urls = new Set(files.map((file) => pathToFileURL(file).href))
/** Tests that several files share are written there; they belong to the file that asks for them. */
const CONTRACTS = pathToFileURL(path.resolve('test/contracts')).href + '/'
const isOurs = (asking = ''): boolean => urls.has(asking) || asking.startsWith(CONTRACTS)

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'tap' && isOurs(context.parentURL)
      ? { url: ONE_FILE, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
})

const timeout = 1000 * Number(process.env['TAP_TIMEOUT'] ?? 600)
t.setTimeout(timeout * files.length)
for (const file of files) {
  // The next is named only when this one has ended: whoever ends the process does not speak for those that were never begun.
  await t.test(file, { timeout }, async (whole) => {
    // Where it would be if the file ran by itself.
    whole.testdirName = path.resolve('.tap/fixtures', file.replaceAll(/[^a-zA-Z0-9._-]+/g, '-'))
    begin(whole)
    await import(pathToFileURL(file).href)
  })
  // What it came to is written before the next may end the process.
  await setImmediate()
}

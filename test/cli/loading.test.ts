/** What commands load: on a small machine a package that nobody needs is a second that a person waits. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'
import { VERSION } from '#compose/version.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const HOOK = import.meta.resolve('../support/loaded.ts')

/** Parts of a whole node; whoever asks one that runs needs nothing of them. */
const OF_A_NODE = /^(?:compose\.ts|app\/edge-node|sync|codec|storage|carriers|server|trust|x509)\b/

test('help and the version need nothing but the words of the commands', async (t) => {
  const help = await loadedBy(['--help'])
  const version = await loadedBy(['--version'])

  t.match(help.out, 'Usage: holdfast')
  t.equal(version.out.trim(), VERSION)
  t.strictSame([...help.packages, ...version.packages], ['commander', 'commander'])
  t.strictSame(
    help.files.filter((file) => OF_A_NODE.test(file)),
    [],
  )
  t.notOk(help.files.includes('cli/status.ts'), 'a command that was not typed is not loaded')
})

test('what asks a running node loads no part of a node', async (t) => {
  const asking = ['status', 'gaps', 'files', 'plan', 'nodes', 'audit list', 'person list', 'lock']
  for (const typed of asking) {
    const { files, packages } = await loadedBy([...typed.split(' '), '--data', t.testdirName])

    t.ok(files.includes('cli/local-node.ts'), `${typed} got as far as looking for the node`)
    t.strictSame(packages, ['commander'], typed)
    t.strictSame(
      files.filter((file) => OF_A_NODE.test(file)),
      [],
      typed,
    )
  }
  for (const typed of ['post ops x', 'read ops', 'purge ops']) {
    const { files, packages } = await loadedBy([...typed.split(' '), '--data', t.testdirName])

    t.strictSame(packages, ['commander', 'zod'], typed)
    t.strictSame(
      files.filter((file) => OF_A_NODE.test(file)),
      [],
      typed,
    )
  }
})

test('what opens a node loads all of it', async (t) => {
  const config = join(t.testdirName, 'none.json')
  const { files, packages } = await loadedBy(['start', '--data', t.testdirName, '--config', config])

  t.ok(files.includes('compose.ts'))
  for (const name of ['@automerge/automerge', 'fastify', '@nats-io/nats-core', 'zod'])
    t.ok(packages.includes(name), name)
})

interface Loaded {
  readonly out: string
  /** Our own, below `src`. */
  readonly files: readonly string[]
  readonly packages: readonly string[]
}

/** What the program loads for these words. */
function loadedBy(words: readonly string[]): Promise<Loaded> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', HOOK, MAIN, ...words], (_, out, error) => {
      const urls = JSON.parse(error.trimEnd().split('\n').at(-1) ?? '') as readonly string[]
      const packages = urls.flatMap((url) => packageOf(url) ?? [])
      const files = urls.flatMap(
        (url) => /^file:.*\/src\/(.*)$/.exec(packageOf(url) ? '' : url)?.[1] ?? [],
      )
      resolve({ out, files, packages: [...new Set(packages)].toSorted() })
    })
  })
}

function packageOf(url: string): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
}

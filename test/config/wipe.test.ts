/** Wiping: nothing is left, whenever the power goes. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { stateOfFolder } from '#config/layout.ts'
import { finishWipe, wipeFolder } from '#config/wipe.ts'

const SECRET = 'a secret that must be gone'
const PROGRAM = import.meta.resolve('../support/wipe-program.ts')

test('a wiped folder holds one note that says when, why, and what the node signed', async (t) => {
  const path = await aFolder(t)

  const note = await wipeFolder(path, { reason: 'order', at: 5, statement: Uint8Array.of(1, 255) })

  t.strictSame(note, { reason: 'order', at: 5, statement: '01ff' })
  t.strictSame(await readdir(path), ['wiped.json'])
  t.strictSame(await stateOfFolder(path), { kind: 'wiped' })
})

test('wiping twice changes nothing, the first note stays', async (t) => {
  const path = await aFolder(t)
  await wipeFolder(path, { reason: 'order', at: 5 })

  const again = await wipeFolder(path, { reason: 'command', at: 9 })

  t.match(again, { reason: 'order', at: 5 })
})

test('nothing was wiped where nothing was begun', async (t) => {
  const path = await aFolder(t)

  t.equal(await finishWipe(path), undefined)
  t.match(await readFile(join(path, 'keys', 'secrets'), 'utf8'), SECRET)
})

test('a note that nobody can read is still an order', async (t) => {
  const path = await aFolder(t)
  await writeFile(join(path, 'wiped.json'), 'not JSON')

  await finishWipe(path)

  t.strictSame(await readdir(path), ['wiped.json'])
})

test('killed at any step, it is finished by the next start, and the keys are gone first', async (t) => {
  const whole = await aFolder(t)
  let deadAt = 0
  for (let step = 0; ; step += 1) {
    const path = `${whole}-${step}`
    await cp(whole, path, { recursive: true })

    const isDone = await wipedUntil(path, step)
    const state = await stateOfFolder(path)
    if (state.kind === 'wiped') await finishWipe(path)
    if (state.kind === 'wiped') {
      t.strictSame(await readdir(path), ['wiped.json'], `killed at step ${step}`)
      deadAt = step
    } else t.equal(state.kind, 'complete', `before the intent was on disk, step ${step}`)
    if (isDone) break
  }
  t.ok(deadAt > 10, 'there were steps to die at')
})

/** Wipes in another process that kills itself at this call of the file system; whether it came to its end. */
async function wipedUntil(path: string, step: number): Promise<boolean> {
  const child = fork(new URL(PROGRAM), [path, String(step)], { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  return code === 0
}

async function aFolder(t: Test): Promise<string> {
  const path = join(t.testdir(), 'alpha')
  await mkdir(join(path, 'keys'), { recursive: true })
  await mkdir(join(path, 'store'))
  const files = [
    'keys/store.vault',
    'keys/secrets',
    'keys/store',
    'keys/tls.pem',
    'store/000003.log',
  ]
  for (const name of [...files, 'config.json', 'certificate', 'organisation.json'])
    await writeFile(join(path, name), SECRET)
  return path
}

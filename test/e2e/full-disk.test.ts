/** A kit whose disk is full: real processes on a small file system of their own. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import type { FullDiskReport } from '../support/full-disk-program.ts'
import { aFolder } from '../support/folders.ts'

suite.setTimeout(300_000)

const PROGRAM = join(import.meta.dirname, '../support/full-disk-program.ts')

/** Whether this system lets us mount a small file system of our own. */
function canMount(): boolean {
  const command = "unshare -rm sh -c 'mount -t tmpfs -o size=1m none /tmp'"
  return process.platform === 'linux' && spawnSync('sh', ['-c', command]).status === 0
}

test(
  'a kit without room keeps reading, refuses posts, and has lost nothing once there is room again',
  { skip: canMount() ? false : 'needs leave to mount a tmpfs of its own' },
  async (t) => {
    const [kit, hub] = [await aFolder(t), await aFolder(t)]
    const mount = `mount -t tmpfs -o size=48m none "$0"`
    const command = `exec unshare -rm sh -c '${mount} && exec "$@"' "$0" "$@"`
    const program = [process.execPath, PROGRAM, kit, hub]
    const child = spawn('sh', ['-c', command, kit, ...program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const said: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
    await once(child, 'close')

    t.equal(child.exitCode, 0)
    const { low, full, toTheLastByte, atLast }: FullDiskReport = JSON.parse(
      Buffer.concat(said).toString('utf8'),
    )
    t.equal(low.post.status, 201)
    t.match(low.disk, /Disk +\d+\.\d MB free: free some before/)
    t.match(low.doctor, /warn +disk/)
    for (const moment of [full, toTheLastByte]) {
      t.equal(moment.post.status, 507)
      t.match(
        moment.post.text,
        'wanted at least 4.0 MB. Free disk space; what was shown as saved is safe.',
      )
      t.equal(moment.command.code, 1)
      t.match(
        moment.command.error,
        /^STORE_FULL: .*Free disk space; what was shown as saved is safe/,
      )
      t.ok(['before', 'while low'].every((text) => moment.reads.includes(text)))
      t.notOk(moment.reads.includes('from the hub'), 'it waits at the hub')
      t.equal(moment.isStreamOpen, true)
      t.match(moment.disk, /nothing new is taken in until you free some/)
      t.match(moment.doctor, /fail +disk/)
    }
    const wanted = ['after', 'before', 'from the hub', 'while low', 'while low, by command']
    t.strictSame(atLast.onKit.toSorted(), wanted)
    t.strictSame(atLast.onHub.toSorted(), wanted)
  },
)

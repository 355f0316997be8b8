/** A modem at a serial port: a pseudo-terminal whose other end is the emulated modem. Needs python3; without it nothing is tried. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'tap'
import { realClock } from '#ports/real.ts'
import { openAtTalk } from '#carriers/sbd-at.ts'
import { openSbdModem } from '#carriers/sbd-modem.ts'
import { openSerial } from '#carriers/sbd-serial.ts'
import { IMEI } from '../support/sbd.ts'
import { anEmulatedModem } from '../support/sbd-modem.ts'

const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0

/** Joins a pseudo-terminal, whose name it prints, to a TCP port. */
const JOIN = `
import os, pty, select, socket, sys
link = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
ours, theirs = pty.openpty()
print(os.ttyname(theirs), flush=True)
while True:
    ready = select.select([ours, link], [], [])[0]
    for one in ready:
        if one == link:
            came = link.recv(4096)
            if not came: sys.exit()
            os.write(ours, came)
        else:
            link.sendall(os.read(ours, 4096))
`

test(
  'a modem at a serial port takes every byte and gives every byte',
  { skip: hasPython ? false : 'no python3' },
  async (t) => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at)
    const came: Uint8Array[] = []
    const modem = await anEmulatedModem(IMEI, {
      up: (_, { bytes }) => void came.push(bytes),
      down: () => all,
      waiting: () => 0,
    })
    const join = spawn('python3', ['-c', JOIN, String(modem.port)])
    const [name] = (await once(join.stdout, 'data')) as [Buffer]
    const socket = await openSerial({ device: name.toString().trim(), baud: 19_200 })
    const talk = openAtTalk(socket, realClock(), () => undefined)
    const driver = openSbdModem(talk)

    t.match(await driver.start(), { ok: true, hasMessage: false, isRung: false })
    t.equal(await driver.bars(), 4)
    t.equal(await driver.put(all), true)
    t.match(await driver.session(false), { status: 0, isSent: true, hasMessage: true, queued: 0 })
    t.strictSame(Buffer.from((await driver.fetch()) ?? []), Buffer.from(all))
    t.strictSame(
      came.map((one) => Buffer.from(one)),
      [Buffer.from(all)],
    )
    t.equal(await driver.put(undefined), true)

    talk.close()
    join.kill()
    await modem[Symbol.asyncDispose]()
  },
)

test('a port that is not there is said so', async (t) => {
  await t.rejects(openSerial({ device: '/dev/no-such-modem', baud: 19_200 }), {
    code: 'CARRIER_UNREACHABLE',
  })
  await t.rejects(openSerial({ host: '127.0.0.1', port: 1 }), { code: 'CARRIER_UNREACHABLE' })
})

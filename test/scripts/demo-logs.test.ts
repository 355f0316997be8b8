import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { readLogs } from '../../scripts/trial/logs.ts'
import { aStandIn } from './a-stand-in.ts'

function line(level: string, event: string, facts: object = {}): string {
  return JSON.stringify({ at: '', level, event, ...facts })
}

test('refusals between nodes and unexplained errors are found, and half a line is passed over', async (t) => {
  const logFile = join(t.testdir(), 'bravo.log')
  const lines = [
    line('info', 'node.started'),
    line('error', 'sync.disk'),
    line('warn', 'envelope.refused', { reason: 'not vouched for' }),
    line('warn', 'parcel.refused', { code: 'ALREADY_EXISTS' }),
    line('error', 'document.damaged'),
    line('warn', 'want.refused', { reason: 'too often' }),
    '{"at":"20',
  ]
  await writeFile(logFile, lines.join('\n'))

  const { refusals, errors, wantsRefused, examples } = await readLogs([
    { ...aStandIn('bravo', () => [200, {}]), logFile },
  ])

  t.strictSame([refusals, errors, wantsRefused], [1, 1, 1])
  t.strictSame(examples, [`bravo: ${lines[2]}`, `bravo: ${lines[4]}`])
})

import { test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import { ensureOperator, leaveWord } from '#cli/operator.ts'
import { readRunNote } from '#config/run-note.ts'
import { must } from '#base/assert.ts'
import { aTeam, type Team } from '../support/app.ts'
import { collectingLog } from '../support/log.ts'

const DRAFT = { username: 'admin', password: 'admin-password' }

/** Who speaks for the command line by the note in the folder. */
async function speaker({ node }: { readonly node: EdgeNode }, folder: string): Promise<string> {
  const { token } = must(await readRunNote(folder), 'there is a note')
  const session = await node.sessionOf(token)
  const [person] = session === undefined ? [] : await node.people([session.person])
  return person?.username ?? 'nobody'
}

async function spoken(team: Team, folder: string, wanted: string): Promise<string> {
  for (let turn = 0; turn < 500; turn += 1) {
    await new Promise(setImmediate)
    if ((await speaker(team, folder)) === wanted) return wanted
  }
  return speaker(team, folder)
}

test('who may not sign in, or administers no more, does not speak for the command line', async (t) => {
  const team = await aTeam(t)
  const { node, amira, bo, clock } = team
  const dataFolder = t.testdir({ keys: {} })
  const { username } = await ensureOperator(node, DRAFT)
  t.equal(username, 'amira')
  const word = { dataFolder, host: '127.0.0.1', port: 1, username }
  const operator = await leaveWord(node, word, { clock, log: collectingLog() })
  t.equal(await speaker(team, dataFolder), 'amira')

  await node.setAdministrator(amira.id, bo.id, true)
  await node.setAdministrator(bo.id, amira.id, false)
  t.equal(await spoken(team, dataFolder, 'bo'), 'bo')
  t.match(await ensureOperator(node, DRAFT), { username: 'bo' })

  await node.setAdministrator(bo.id, amira.id, true)
  t.equal(await spoken(team, dataFolder, 'bo'), 'bo', 'who speaks goes on')
  await node.setActive(amira.id, bo.id, false)
  t.equal(await spoken(team, dataFolder, 'amira'), 'amira')
  t.match(await ensureOperator(node, DRAFT), { username: 'amira' })

  await operator[Symbol.asyncDispose]()
  t.equal(await readRunNote(dataFolder), undefined)
})

/** Audits at the door: lines of JSON for administrators, a file that proves itself, and nothing for others. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { readAuditFile } from '#codec/audit-file.ts'
import { proveAudit } from '#codec/audit-proof.ts'
import { aLanDoor } from '../../support/lan-door.ts'
import { organisation } from '../../support/nodes.ts'

const PATH = '/api/holdfast/v1/audit'

test('a page is lines of JSON, newest first, and goes on from its last number', async (t) => {
  const door = await aLanDoor(t)
  const first = await door.ask('amira', 'GET', `${PATH}?limit=2`)
  const lines = linesOf(first.text)

  t.equal(first.status, 200)
  t.equal(first.headers.get('content-type'), 'application/x-ndjson')
  t.match(lines, [{ deed: 'operator signed in', by: door.people.amira.id }, { result: 'done' }])
  const second = linesOf(
    (await door.ask('amira', 'GET', `${PATH}?limit=1&before=${Number(lines[1]?.number)}`)).text,
  )
  t.equal(Number(second[0]?.number), Number(lines[1]?.number) - 1)
  const later = linesOf((await door.ask('amira', 'GET', `${PATH}?after=0&limit=1`)).text)
  t.match(later, [{ number: 1, deed: 'audit begun' }])
})

test('entries are found by deed, node and time', async (t) => {
  const door = await aLanDoor(t)
  const deeds = async (query: string) =>
    linesOf((await door.ask('amira', 'GET', `${PATH}?${query}`)).text).map(({ deed }) => deed)

  t.strictSame(
    new Set(await deeds('deed=person enrolled,channel created')),
    new Set(['person enrolled', 'channel created']),
  )
  t.strictSame(await deeds(`node=${'y'.repeat(26)}`), [])
  t.strictSame(await deeds(`since=${door.clock.now() + 60_000}`), [])
  t.ok((await deeds(`since=0&until=${door.clock.now() + 1}`)).length > 0)
})

test('who is no administrator gets none, and who is nobody is asked to sign in', async (t) => {
  const door = await aLanDoor(t)
  for (const path of [PATH, `${PATH}/export`]) {
    t.equal((await door.ask('bo', 'GET', path)).status, 403)
    t.equal((await door.ask(undefined, 'GET', path)).status, 401)
  }
})

test('a query that makes no sense is refused by its field', async (t) => {
  const door = await aLanDoor(t)
  for (const query of ['limit=0', 'limit=1001', 'deed=nonsense', 'node=x', 'since=soon'])
    t.match(await door.ask('amira', 'GET', `${PATH}?${query}`), {
      status: 400,
      json: { message: new RegExp(`^${query.split('=')[0]}`) },
    })
})

test('an export proves itself', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('amira')
  const answer = await fetch(`${door.url}${PATH}/export`, {
    headers: { authorization: `Bearer ${token}` },
  })

  t.equal(answer.headers.get('content-type'), 'application/octet-stream')
  const file = must(readAuditFile(new Uint8Array(await answer.arrayBuffer())), 'it is a file')
  t.strictSame(proveAudit(file, organisation.rootKey).problems, [])
})

function linesOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

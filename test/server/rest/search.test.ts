import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

function namesIn(list: unknown): readonly string[] {
  return (list as { username: string }[]).map(({ username }) => username)
}

test('people are found by the beginning of their name or of a word of their full name', async (t) => {
  const door = await aLanDoor(t)
  await door.node.enrolPerson(door.people.amira.id, {
    username: 'dana',
    displayName: 'Dr. Dana Cheng',
    password: 'dana-password',
    isAdministrator: false,
  })
  for (const [term, found] of [
    ['CHE', ['chen', 'dana']],
    ['@bo', ['bo']],
    ['zzz', []],
    ['', ['amira', 'bo', 'chen', 'dana']],
  ] as const) {
    const { json } = await door.ask('bo', 'POST', '/api/v4/users/search', { term })
    t.strictSame(namesIn(json), found)
  }
  const limited = await door.ask('bo', 'POST', '/api/v4/users/search', { term: '', limit: 2 })
  t.equal(namesIn(limited.json).length, 2)
})

test('completing a name in a channel tells members from others', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id } = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'two',
    displayName: 'Two',
    members: [bo.id],
  })
  const { json } = await door.ask('bo', 'GET', `/api/v4/users/autocomplete?in_channel=${id}&name=`)

  t.strictSame(namesIn(Object(json).users), ['amira', 'bo'])
  t.strictSame(namesIn(Object(json).out_of_channel), ['chen'])
  const everywhere = await door.ask('bo', 'GET', '/api/v4/users/autocomplete?name=ch')
  t.strictSame(namesIn(Object(everywhere.json).users), ['chen'])
})

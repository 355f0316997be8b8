/** Checklists by REST: a tick is an entry of its own, and stock clients see it in the message. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

test('an item is ticked by its words, by whoever may react, and everybody is told', async (t) => {
  const door = await aLanDoor(t)
  const [square] = await door.node.channelsOf(door.people.bo.id)
  const message = '- [ ] pump\n- [ ] fuel'
  const posted = await door.ask('amira', 'POST', '/api/v4/posts', {
    channel_id: square?.id,
    message,
  })
  const { id } = posted.json as { id: string }
  const path = `/api/holdfast/v1/posts/${id}/checklist`

  const ticked = await door.ask('bo', 'PUT', path, { item: 'fuel', isTicked: true })
  t.match(ticked, { status: 200, json: { id, message: '- [ ] pump\n- [x] fuel', edit_at: 0 } })
  t.match((await door.ask('amira', 'GET', `/api/v4/posts/${id}`)).json, {
    message: '- [ ] pump\n- [x] fuel',
  })
  const taken = await door.ask('bo', 'PUT', path, { item: 'fuel', before: 0, isTicked: false })
  t.match(taken.json, { message })
  t.match(await door.ask('bo', 'PUT', path, { item: 'water', isTicked: true }), {
    status: 400,
    json: { status_code: 400, message: /item/ },
  })
  t.equal((await door.ask('bo', 'PUT', path, { item: 'fuel' })).status, 400)
})

/** The side bar: channels stand where somebody put them, and in one place only. */
import { test, type Test } from 'tap'
import { aLanDoor, type Answer, type LanDoor } from '../../support/lan-door.ts'

interface Category {
  readonly id: string
  readonly type: string
  readonly display_name: string
  readonly channel_ids: readonly string[]
}

test('what nobody sorted stands in the part for its kind', async (t) => {
  const { list, square, direct } = await aScene(t)

  t.match(await list(), [
    { type: 'favorites', channel_ids: [] },
    { type: 'channels', channel_ids: [square] },
    { type: 'direct_messages', channel_ids: [direct] },
  ])
})

test('a category of one’s own takes a channel from where it was, and gives it back when it goes', async (t) => {
  const { list, ask, square } = await aScene(t)
  const made = await ask('POST', '', { display_name: 'Night', channel_ids: [square] })
  const { id } = made.json as Category

  t.equal(made.status, 201)
  t.strictSame(await placesOf(list, square), ['Night'])
  await ask('PUT', `/${id}`, { display_name: 'Day', sorting: 'alpha', channel_ids: [square] })
  t.match(
    (await list()).find((one) => one.id === id),
    { display_name: 'Day', sorting: 'alpha' },
  )
  t.equal((await ask('DELETE', `/${id}`)).status, 200)
  t.strictSame(await placesOf(list, square), ['Channels'])
})

test('favorites are the same as the preferences that clients keep', async (t) => {
  const { door, list, ask, square } = await aScene(t)
  const favorites = (await list()).find(({ type }) => type === 'favorites')
  await ask('PUT', `/${favorites?.id}`, { display_name: 'Favorites', channel_ids: [square] })

  t.match(await door.node.preferences(door.people.bo.id), [
    { category: 'favorite_channel', name: square, value: 'true' },
  ])
  t.strictSame(await placesOf(list, square), ['Favorites'])
  await door.node.deletePreferences(door.people.bo.id, [
    { category: 'favorite_channel', name: square, value: '' },
  ])
  t.notSame(await placesOf(list, square), ['Favorites'])
})

test('the order is kept; what is no order of all of them is refused, as is what is not one’s own', async (t) => {
  const { door, list, ask, base } = await aScene(t)
  const order = (await list()).map(({ id }) => id).toReversed()

  t.strictSame((await ask('PUT', '/order', order)).json, order)
  t.strictSame((await ask('GET', '/order')).json, order)
  t.equal((await ask('PUT', '/order', order.slice(1))).status, 400)
  t.equal((await ask('PUT', '/nothing', { display_name: 'x' })).status, 404)
  t.equal((await ask('DELETE', `/${order[0]}`)).status, 403)
  t.equal((await door.ask('amira', 'GET', base.replace('me', door.people.bo.id))).status, 403)
})

interface Scene {
  readonly door: LanDoor
  readonly base: string
  readonly square: string
  readonly direct: string
  readonly list: () => Promise<readonly Category[]>
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Answer>
}

async function aScene(t: Test): Promise<Scene> {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id: square } = await door.node.channelByName(bo.id, 'town-square')
  const { id: direct } = await door.node.directChannel(bo.id, amira.id)
  const { organisation } = await door.node.status()
  const base = `/api/v4/users/me/teams/${organisation}/channels/categories`
  const ask: Scene['ask'] = (method, path, body) => door.ask('bo', method, base + path, body)
  return {
    door,
    base,
    square,
    direct,
    ask,
    list: async () =>
      ((await ask('GET', '')).json as { categories: readonly Category[] }).categories,
  }
}

async function placesOf(list: Scene['list'], channel: string): Promise<readonly string[]> {
  const inside = (await list()).filter(({ channel_ids: ids }) => ids.includes(channel))
  return inside.map(({ display_name: name }) => name)
}

/** Where programs send texts in other forms, and what is said of people, channels and the parts of a message: see `hostile-places.ts`. */
import { OVERRIDE_REASON_CHARACTERS_MAX } from '#base/limits.ts'
import { ATTRIBUTE_CHARACTERS_MAX } from '#model/policy-limits.ts'
import { fetched } from './lan-door.ts'
import {
  isEmpty,
  longerThan,
  Refused,
  within,
  type HostileScene,
  type Place,
} from './hostile-scene.ts'

/** What an item of a checklist can be: one line of words. */
const isNoItem = (text: string): boolean => !/^[ \t]*\S[^\n]*$/.test(text)

/** Each of them, by what is typed there. */
export const SAID_PLACES: Readonly<Record<string, Place>> = {
  'what comes by a webhook in a form': {
    put: async (scene, text) => {
      const payload = JSON.stringify({ text, attachments: [{ text: 'x' }] })
      const { message } = await newestAfter(scene, new URLSearchParams({ payload }))
      return [message === '' && isEmpty(text) ? text : message]
    },
  },
  'fields and props of a webhook': {
    put: async (scene, text) => {
      const fields = [{ title: text, value: text, short: true }]
      const sent = { text: 'x', props: { own: text }, attachments: [{ fields }] }
      const { props } = await newestAfter(scene, JSON.stringify(sent))
      const { own, attachments } = props as {
        own: string
        attachments: { fields: typeof fields }[]
      }
      const [field] = attachments[0]?.fields ?? []
      return [own, field?.title, field?.value]
    },
  },
  'an item of a checklist': {
    refuses: isNoItem,
    put: async ({ ask, channel }, text) => {
      const message = `do:\n- [ ] ${text}\n- [ ] rest`
      const { id } = await ask('POST', '/api/v4/posts', { channel_id: channel, message })
      const tick = { item: text.replace(/^[ \t]+/, '').trimEnd(), isTicked: true }
      await ask('PUT', `/api/holdfast/v1/posts/${String(id)}/checklist`, tick)
      const shown = String((await ask('GET', `/api/v4/posts/${String(id)}`))['message'])
      return [shown === `do:\n- [x] ${text}\n- [ ] rest` ? text : shown]
    },
  },
  'words that ring for somebody': {
    refuses: longerThan(512),
    put: async ({ ask, channel, me }, text) => {
      const path = `/api/v4/channels/${channel}/members/${me}`
      await ask('PUT', `${path}/notify_props`, { highlight_keywords: text })
      const { notify_props: props } = await ask('GET', path)
      return [Object(props).highlight_keywords]
    },
  },
  'an attribute of somebody': {
    refuses: (text) => text === '' || longerThan(ATTRIBUTE_CHARACTERS_MAX)(text),
    put: async ({ ask, me }, text) => {
      await ask('PUT', `/api/holdfast/v1/policy/people/${me}`, { mission: text, many: [text] })
      const { people } = await ask('GET', '/api/holdfast/v1/policy')
      const [one] = people as { attributes: { mission: string; many: string[] } }[]
      return [one?.attributes.mission, one?.attributes.many[0]]
    },
  },
  'what a rule wants': {
    refuses: (text) => text === '' || longerThan(ATTRIBUTE_CHARACTERS_MAX)(text),
    put: async ({ ask }, text) => {
      const when = { attribute: 'channel.nothing', in: [text] }
      const rule = { actions: ['post'], when, require: when }
      await ask('PUT', '/api/holdfast/v1/policy/rules/odd', rule)
      const { rules } = await ask('GET', '/api/holdfast/v1/policy')
      const [one] = rules as { rule: { when: { in: string[] } } }[]
      return [one?.rule.when.in[0]]
    },
  },
  'why a flash message could not wait': {
    refuses: (text) => isEmpty(text) || text.length > OVERRIDE_REASON_CHARACTERS_MAX,
    put: async ({ ask, channel }, reason) => {
      const props = { holdfast_precedence: 'flash', holdfast_override: reason }
      const body = { channel_id: channel, message: 'fire', props }
      const shown = (await ask('POST', '/api/v4/posts', body))['props']
      return [Object(shown).holdfast_override]
    },
  },
}

/** The newest message, once the webhook has taken `body`. */
async function newestAfter(
  { ask, channel, hook, door }: HostileScene,
  body: string | URLSearchParams,
): Promise<Readonly<Record<string, unknown>>> {
  await door.clock.advance(5_000)
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {}
  const answer = await fetched(`${door.url}/hooks/${hook}`, { method: 'POST', headers, body })
  if (answer.status >= 400) throw new Refused(answer)
  const page = await ask('GET', `/api/v4/channels/${channel}/posts?per_page=1`)
  return within(page, 'posts', (page['order'] as string[])[0] ?? '')
}

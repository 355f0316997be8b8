/** Where people type: messages, channels and people. The rest is in `hostile-places-kept.ts`. */
import { inner } from './live-client.ts'
import { KEPT_PLACES } from './hostile-places-kept.ts'
import { SAID_PLACES } from './hostile-places-said.ts'
import { isEmpty, longerThan, within, type Place } from './hostile-scene.ts'

/** Each of them, by what is typed there. */
export const PLACES: Readonly<Record<string, Place>> = {
  'a message': {
    refuses: isEmpty,
    put: async ({ ask, channel, live }, message) => {
      const made = await ask('POST', '/api/v4/posts', { channel_id: channel, message })
      const id = String(made['id'])
      const page = await ask('GET', `/api/v4/channels/${channel}/posts?per_page=5`)
      const since = await ask('GET', `/api/v4/channels/${channel}/posts?since=1`)
      const heard = await live.when((frame) => frame.event === 'posted' && tells(frame, id))
      const all = [page, since, await ask('GET', `/api/v4/posts/${id}/thread`)]
      return [
        made['message'],
        (await ask('GET', `/api/v4/posts/${id}`))['message'],
        ...all.map((list) => within(list, 'posts', id)['message']),
        inner(heard, 'post')['message'],
      ]
    },
  },
  'a message that is changed': {
    refuses: isEmpty,
    put: async ({ ask, post, live }, message) => {
      const before = live.frames.length
      const changed = await ask('PUT', `/api/v4/posts/${post}/patch`, { message })
      const heard = await live.when(
        (frame) => live.frames.indexOf(frame) >= before && frame.event === 'post_edited',
      )
      return [changed['message'], inner(heard, 'post')['message']]
    },
  },
  'an answer in a thread': {
    refuses: isEmpty,
    put: async ({ ask, channel, team, root }, message) => {
      const body = { channel_id: channel, root_id: root, message }
      const id = String((await ask('POST', '/api/v4/posts', body))['id'])
      const threads = await ask('GET', `/api/v4/users/me/teams/${team}/threads?extended=true`)
      const thread = await ask('GET', `/api/v4/posts/${root}/thread`)
      return [
        within(thread, 'posts', id)['message'],
        (threads['threads'] as { post: { message: string } }[])[0]?.post.message === 'root'
          ? message
          : 'the thread is not as it was',
      ]
    },
  },
  'a root of a thread': {
    refuses: isEmpty,
    put: async ({ ask, channel, team }, message) => {
      const root = String(
        (await ask('POST', '/api/v4/posts', { channel_id: channel, message }))['id'],
      )
      await ask('POST', '/api/v4/posts', { channel_id: channel, root_id: root, message: 'x' })
      const one = await ask('GET', `/api/v4/users/me/teams/${team}/threads/${root}?extended=true`)
      return [(one['post'] as { message: string }).message]
    },
  },
  'a message found by a word beside it': {
    put: async ({ ask, channel, nextWord }, text) => {
      const word = nextWord()
      const message = `${word} ${text}`
      const made = await ask('POST', '/api/v4/posts', { channel_id: channel, message })
      const found = await ask('POST', '/api/v4/posts/search', { terms: word })
      return [String(within(found, 'posts', String(made['id']))['message']).slice(word.length + 1)]
    },
  },
  'what is searched for': {
    refuses: (text) => longerThan(1_024)(text) || text.includes('before:x'),
    put: async ({ ask }, terms) => {
      const found = await ask('POST', '/api/v4/posts/search', { terms })
      return Array.isArray(found['order']) ? [terms] : ['no list']
    },
  },
  'attachments of a message': {
    put: async ({ ask, channel }, text) => {
      const props = {
        attachments: [{ text, fallback: text, fields: [{ title: text, value: text }] }],
      }
      const body = { channel_id: channel, message: 'x', props }
      const made = await ask('POST', '/api/v4/posts', body)
      const shown = await ask('GET', `/api/v4/posts/${String(made['id'])}`)
      const [one] = (shown['props'] as { attachments: (typeof props)['attachments'] }).attachments
      return [one?.text, one?.fallback, one?.fields[0]?.title, one?.fields[0]?.value]
    },
  },
  'the name people read of a channel': {
    refuses: (text) => isEmpty(text) || text.length > 64,
    put: async ({ ask, team, nextWord, live }, text) => {
      const body = { type: 'O', name: nextWord(), display_name: text }
      const made = await ask('POST', '/api/v4/channels', body)
      const id = String(made['id'])
      const before = live.frames.length
      const changed = await ask('PUT', `/api/v4/channels/${id}/patch`, { display_name: text })
      const all = await ask('GET', `/api/v4/users/me/teams/${team}/channels`)
      const listed = Object.values(all).find((one) => Object(one).id === id)
      const heard = live.frames
        .slice(before)
        .filter(({ event }) => event === 'channel_updated')
        .map((frame) => inner(frame, 'channel')['display_name'])
      return [made['display_name'], changed['display_name'], Object(listed).display_name, ...heard]
    },
  },
  'header and purpose of a channel': {
    refuses: longerThan(250),
    put: async ({ ask, room }, text) => {
      const changed = await ask('PUT', `/api/v4/channels/${room}/patch`, {
        header: text,
        purpose: text,
      })
      const shown = await ask('GET', `/api/v4/channels/${room}`)
      return [changed, shown].flatMap(({ header, purpose }) => [header, purpose])
    },
  },
  'the name of a channel in addresses': {
    refuses: (text) => !/^[a-z0-9]+(?:[a-z0-9_-]*[a-z0-9]+)?$/.test(text),
    put: async ({ ask }, name) => [
      (await ask('POST', '/api/v4/channels', { type: 'O', name, display_name: 'x' }))['name'],
    ],
  },
  'the name of a person': {
    refuses: longerThan(64),
    put: async ({ ask, nextWord }, text) => {
      const person = { username: nextWord(), password: 'a-long-password', email: 'x@example.org' }
      const made = await ask('POST', '/api/v4/users', { ...person, first_name: text, nickname: '' })
      const shown = await ask('GET', `/api/v4/users/${String(made['id'])}`)
      const name = isEmpty(text) ? person.username : text
      return [made, shown].map(({ first_name: first }) => (first === name ? text : first))
    },
  },
  'the nickname of a person, where it is all they have': {
    refuses: longerThan(64),
    put: async ({ ask, nextWord }, nickname) => {
      const person = { username: nextWord(), password: 'a-long-password', email: 'x@example.org' }
      const made = await ask('POST', '/api/v4/users', { ...person, nickname })
      const name = isEmpty(nickname) ? person.username : nickname
      return [made['first_name'] === name ? nickname : made['first_name']]
    },
  },
  'the name of a person in addresses': {
    refuses: (text) => !/^[a-z][a-z0-9._-]{0,63}$/i.test(text),
    put: async ({ ask }, username) => {
      const more = { password: 'a-long-password', email: 'x@example.org' }
      const made = await ask('POST', '/api/v4/users', { username, ...more })
      return [made['username'] === username.toLowerCase() ? username : made['username']]
    },
  },
  'a nickname that somebody gives themselves': {
    refuses: (text) => text !== '',
    put: async ({ ask }, nickname) => [
      (await ask('PUT', '/api/v4/users/me/patch', { nickname }))['nickname'],
    ],
  },
  'the mark of what somebody does': {
    refuses: longerThan(100),
    put: async ({ ask, nextWord }, text) => {
      const body = { emoji: nextWord().slice(0, 1), text, duration: '' }
      await ask('PUT', '/api/v4/users/me/status/custom', body)
      const { props } = await ask('GET', '/api/v4/users/me')
      const { customStatus } = props as { customStatus: string }
      return [(JSON.parse(customStatus) as { text: string }).text]
    },
  },
  'a setting': {
    put: async ({ ask, me, nextWord }, value) => {
      const name = nextWord()
      const one = { user_id: me, category: 'hostile', name, value }
      await ask('PUT', '/api/v4/users/me/preferences', [one])
      const kept = Object.values(await ask('GET', '/api/v4/users/me/preferences'))
      return [Object(kept.find((each) => Object(each).name === name)).value]
    },
  },
  ...KEPT_PLACES,
  ...SAID_PLACES,
}

function tells(
  { data }: { readonly data?: Readonly<Record<string, unknown>> },
  id: string,
): boolean {
  return String(data?.['post']).includes(id)
}

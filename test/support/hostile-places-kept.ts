/** Where people type what a node keeps for them, and what programs send: see `hostile-places.ts`. */
import { must } from '#base/assert.ts'
import { fetched } from './lan-door.ts'
import { inner } from './live-client.ts'
import {
  isEmpty,
  longerThan,
  Refused,
  within,
  type HostileScene,
  type Place,
} from './hostile-scene.ts'

const isNoEmojiName = (text: string): boolean => !/^[a-zA-Z0-9_+-]{1,64}$/.test(text)

/** Each of them, by what is typed there. */
export const KEPT_PLACES: Readonly<Record<string, Place>> = {
  'the name of a group of channels': {
    refuses: (text) => text === '' || longerThan(64)(text),
    put: async ({ ask, team }, text) => {
      const at = `/api/v4/users/me/teams/${team}/channels/categories`
      const made = await ask('POST', at, { display_name: text })
      const all = (await ask('GET', at))['categories'] as { id: string; display_name: string }[]
      await ask('DELETE', `${at}/${String(made['id'])}`)
      return [made['display_name'], all.find(({ id }) => id === made['id'])?.display_name]
    },
  },
  'the name of a file, alone': {
    refuses: (text) => text === '' || longerThan(256)(text),
    put: async (scene, text) => {
      const query = new URLSearchParams({ channel_id: scene.channel, filename: text }).toString()
      const { file_infos: files } = await scene.ask('POST', `/api/v4/files?${query}`, 'x')
      const names = await namesOf(scene, files)
      return names.map((name) => (name === text.toWellFormed() ? text : name))
    },
  },
  'the name of a file, in a form': {
    put: async (scene, text) => {
      const form = new FormData()
      form.append('channel_id', scene.channel)
      form.append('files', new Blob(['x']), text)
      const { file_infos: files } = await scene.send('/api/v4/files', form)
      const names = await namesOf(scene, files)
      return names.map((name) => (name === nameInForm(text) ? text : name))
    },
  },
  'a reaction': {
    refuses: isNoEmojiName,
    put: async ({ ask, post, me }, emoji) => {
      const body = { user_id: me, post_id: post, emoji_name: emoji }
      const made = await ask('POST', '/api/v4/reactions', body)
      const all = Object.values(await ask('GET', `/api/v4/posts/${post}/reactions`))
      const kept = all.some((one) => Object(one).emoji_name === emoji)
      await ask('DELETE', `/api/v4/users/me/posts/${post}/reactions/${emoji}`)
      return [made['emoji_name'], kept ? emoji : 'none']
    },
  },
  'the name of an emoji': {
    refuses: (text) => !/^[a-z0-9_+-]{1,64}$/.test(text),
    put: async ({ send, ask }, name) => {
      const form = new FormData()
      form.append('emoji', JSON.stringify({ name }))
      form.append('image', new Blob([PIXEL], { type: 'image/png' }), 'x.png')
      const made = await send('/api/v4/emoji', form)
      const shown = await ask('GET', `/api/v4/emoji/${String(made['id'])}`)
      await ask('DELETE', `/api/v4/emoji/${String(made['id'])}`)
      return [made['name'], shown['name']]
    },
  },
  'a draft': {
    put: async ({ ask, team, channel, live }, message) => {
      const before = live.frames.length
      const made = await ask('POST', '/api/v4/drafts', { channel_id: channel, message })
      const [kept] = Object.values(await ask('GET', `/api/v4/users/me/teams/${team}/drafts`))
      const heard = live.frames.slice(before).filter(({ event }) => event?.startsWith('draft_'))
      return [
        made['message'],
        Object(kept).message,
        ...heard.map((frame) => inner(frame, 'draft')['message']),
      ]
    },
  },
  'a message for later': {
    refuses: isEmpty,
    put: async ({ ask, team, channel, door }, message) => {
      const at = door.clock.now() + 3_600_000
      const body = { channel_id: channel, message, scheduled_at: at }
      const made = await ask('POST', '/api/v4/posts/schedule', body)
      const all = (await ask('GET', `/api/v4/posts/scheduled/team/${team}`))[team]
      await ask('DELETE', `/api/v4/posts/schedule/${String(made['id'])}`)
      return [made['message'], (all as { message: string }[])[0]?.message]
    },
  },
  'the name of a bookmark': {
    refuses: (text) => isEmpty(text) || text.length > 64,
    put: async ({ ask, channel }, text) => {
      const at = `/api/v4/channels/${channel}/bookmarks`
      const link = { type: 'link', display_name: text, link_url: 'https://example.org/' }
      const made = await ask('POST', at, link)
      const [kept] = Object.values(await ask('GET', at))
      await ask('DELETE', `${at}/${String(made['id'])}`)
      return [made['display_name'], Object(kept).display_name]
    },
  },
  'the address of a bookmark': {
    refuses: (text) => !/^https?:\/\//i.test(text),
    put: async ({ ask, channel }, text) => [
      (
        await ask('POST', `/api/v4/channels/${channel}/bookmarks`, {
          type: 'link',
          display_name: 'x',
          link_url: text,
        })
      )['link_url'],
    ],
  },
  'what a webhook is called, and what is said of it': {
    refuses: longerThan(64),
    put: async ({ ask, channel }, text) => {
      const about = { display_name: text, description: text, username: text }
      const made = await ask('POST', '/api/v4/hooks/incoming', { channel_id: channel, ...about })
      const shown = await ask('GET', `/api/v4/hooks/incoming/${String(made['id'])}`)
      await ask('DELETE', `/api/v4/hooks/incoming/${String(made['id'])}`)
      return [made, shown].flatMap((one) => [
        one['display_name'],
        one['description'],
        one['username'],
      ])
    },
  },
  'what comes by a webhook': {
    put: async ({ ask, channel, hook, door }, text) => {
      await door.clock.advance(5_000)
      const sent = { text, username: 'x', attachments: [{ text, footer: text }] }
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify(sent)
      const answer = await fetched(`${door.url}/hooks/${hook}`, { method: 'POST', headers, body })
      if (answer.status >= 400) throw new Refused(answer)
      const page = await ask('GET', `/api/v4/channels/${channel}/posts?per_page=1`)
      const id = (page['order'] as string[])[0] ?? ''
      const { message, props } = within(page, 'posts', id)
      const [one] = (props as { attachments: { text: string; footer: string }[] }).attachments
      return [message === '' && isEmpty(text) ? text : message, one?.text, one?.footer]
    },
  },
  'a message by a command': {
    refuses: isEmpty,
    put: async ({ ask, channel }, text) => {
      const command = `/flash --override "drill" ${text}`
      await ask('POST', '/api/v4/commands/execute', { command, channel_id: channel })
      const page = await ask('GET', `/api/v4/channels/${channel}/posts?per_page=1`)
      return [within(page, 'posts', (page['order'] as string[])[0] ?? '')['message']]
    },
  },
  'what is no command': {
    refuses: () => true,
    put: async ({ ask, channel }, text) => [
      await ask('POST', '/api/v4/commands/execute', { command: `/${text}`, channel_id: channel }),
    ],
  },
  'a program and what it is for': {
    put: async ({ ask, nextWord }, text) => {
      const about = { username: nextWord(), display_name: text, description: text }
      const made = await ask('POST', '/api/v4/bots', about)
      const name = text === '' ? about.username : text
      return [made['display_name'] === name ? text : made['display_name'], made['description']]
    },
    refuses: longerThan(128),
  },
  'what a token is for': {
    put: async ({ ask }, description) => {
      const made = await ask('POST', '/api/v4/users/me/tokens', { description })
      const id = String(made['id'])
      const shown = await ask('GET', `/api/v4/users/tokens/${id}`)
      await ask('POST', '/api/v4/users/tokens/revoke', { token_id: id })
      return [made['description'], shown['description']]
    },
    refuses: (text) => text === '' || longerThan(1_024)(text),
  },
}

/** As it is told of a file by itself, with its message, and to whoever fetches it. */
async function namesOf(scene: HostileScene, files: unknown): Promise<readonly unknown[]> {
  const { ask, channel, door } = scene
  const [made] = files as { readonly id: string; readonly name: string }[]
  const id = must(made, 'a file was taken').id
  const info = await ask('GET', `/api/v4/files/${id}/info`)
  const body = { channel_id: channel, message: '', file_ids: [id] }
  const { metadata } = await ask('POST', '/api/v4/posts', body)
  const { token } = await door.node.openSession('amira')
  const headers = { authorization: `Bearer ${token}` }
  const { headers: told } = await fetched(`${door.url}/api/v4/files/${id}`, { headers })
  const coded = /filename\*=UTF-8''([^;]*)/.exec(told.get('content-disposition') ?? '')?.[1]
  return [
    made?.name,
    info['name'],
    (metadata as { files: { name: string }[] }).files[0]?.name,
    coded === undefined ? 'no name to save it by' : decodeURIComponent(coded),
  ]
}

/** A browser writes some characters otherwise into a form; folders are left out, and what is too long loses its beginning. */
function nameInForm(text: string): string {
  const written = text
    .toWellFormed()
    .replaceAll('\n', '%0A')
    .replaceAll('\r', '%0D')
    .replaceAll('"', '%22')
  const name = written.slice(Math.max(written.lastIndexOf('/'), written.lastIndexOf('\\')) + 1)
  return ['', '.', '..'].includes(name) ? 'file' : name.slice(-256)
}

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAwS2OUAAAAABJRU5ErkJggg==',
  'base64',
)

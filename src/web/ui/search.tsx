/** Searching: by the node where it can, and in what is on this device. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { findIn } from '#web/core/finding.ts'
import { titleOf } from '#web/core/naming.ts'
import { pageFrom, type Post } from '#web/core/wire.ts'
import type { App } from '#web/state/app.ts'
import { say, times } from '#web/words/words.ts'
import { go, known, useApp } from './context.ts'
import { Marks } from './marks.tsx'
import { PlaceHead } from './place-head.tsx'

interface Found {
  readonly term: string
  readonly posts: readonly Post[]
  /** The node has searched everything it has. */
  readonly isWhole: boolean
}

/** The place. */
export function SearchPlace(): VNode {
  const app = useApp()
  const [term, setTerm] = useState('')
  const [found, setFound] = useState<Found>()
  const search = async (): Promise<void> => setFound(await searched(app, term.trim()))
  return (
    <div class="page">
      <PlaceHead title={say('search.title')} />
      <div class="page-body">
        <form
          role="search"
          class="search-form"
          onSubmit={(event) => {
            event.preventDefault()
            void search()
          }}
        >
          <label class="field">
            <span class="unseen">{say('search.term')}</span>
            <input
              type="search"
              value={term}
              dir="auto"
              placeholder={say('search.term')}
              onInput={({ currentTarget }) => setTerm(currentTarget.value)}
            />
          </label>
          <button type="submit" class="button primary">
            {say('search.do')}
          </button>
        </form>
        {found !== undefined && (
          <p class="quiet" role="status">
            {say(found.isWhole ? 'search.found' : 'search.foundHere', { n: found.posts.length })}
          </p>
        )}
        <ul class="found">
          {found?.posts.map((post) => (
            <FoundPost key={post.id} post={post} />
          ))}
        </ul>
      </div>
    </div>
  )
}

function FoundPost({ post }: { readonly post: Post }): VNode {
  const app = useApp()
  const channel = app.store.channels.value.get(post.channelId)
  const { channelId } = post
  return (
    <li class="card">
      <header class="message-head">
        <strong dir="auto">{app.store.people.value.get(post.userId)?.name}</strong>
        <time>{times().moment(post.createdAt, Date.now())}</time>
        <button
          type="button"
          class="text-button"
          onClick={() => go({ kind: 'channel', channelId, threadId: post.rootId || post.id })}
        >
          {channel === undefined ? say('search.open') : titleOf(channel, known(app))}
        </button>
      </header>
      <Marks text={post.message} />
    </li>
  )
}

async function searched(app: App, term: string): Promise<Found> {
  const path = `/api/v4/teams/${app.store.workspace.value.id}/posts/search`
  const answer = await app.ask('POST', path, { terms: term, is_or_search: false })
  if (answer.kind === 'ok') return { term, posts: pageFrom(answer.value).posts, isWhole: true }
  const timelines = [...app.store.timelines().values()].map(({ value }) => value)
  return { term, posts: findIn(timelines, term), isWhole: false }
}

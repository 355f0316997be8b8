/** Searching: by the node where it can, and in what is on this device. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { findIn } from '#web/core/finding.ts'
import { fields, list, pageFrom, type Post } from '#web/core/wire.ts'
import type { App } from '#web/state/app.ts'
import { say } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { FoundPost } from './found-post.tsx'
import { useFocus } from './form.ts'
import { PlaceHead } from './place-head.tsx'

interface Found {
  readonly term: string
  readonly posts: readonly Post[]
  /** The node has searched everything it has. */
  readonly isWhole: boolean
  /** What the node's search says of its own limits. */
  readonly doubts: readonly string[]
}

/** The place. */
export function SearchPlace(): VNode {
  const app = useApp()
  const field = useFocus()
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
              ref={field}
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
            {[
              say(found.isWhole ? 'search.found' : 'search.foundHere', { n: found.posts.length }),
              ...found.doubts,
            ].join(' ')}
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

async function searched(app: App, term: string): Promise<Found> {
  const path = `/api/v4/teams/${app.store.workspace.value.id}/posts/search`
  const answer = await app.ask('POST', path, { terms: term, is_or_search: false })
  if (answer.kind === 'ok')
    return {
      term,
      posts: pageFrom(answer.value).posts,
      isWhole: true,
      doubts: doubtsOf(answer.value),
    }
  const timelines = [...app.store.timelines().values()].map(({ value }) => value)
  return { term, posts: findIn(timelines, term), isWhole: false, doubts: [] }
}

function doubtsOf(value: unknown): readonly string[] {
  const about = fields(fields(value).holdfast_search)
  const gaps = list(about.channels_with_gaps).length
  return [
    about.is_cut === true && say('search.cut'),
    about.is_index_whole === false && say('search.reading'),
    gaps > 0 && say('search.gaps', { n: gaps }),
  ].filter((one) => one !== false)
}

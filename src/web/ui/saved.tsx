/** Messages that somebody has saved for themselves; the node keeps the list, on all their devices. */
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Post } from '#web/core/wire.ts'
import { say } from '#web/words/words.ts'
import { tell, useApp } from './context.ts'
import { FoundPost } from './found-post.tsx'
import { Icon } from './icons.tsx'
import { PlaceHead } from './place-head.tsx'

/** The place. */
export function SavedPlace(): VNode {
  const { personal, store } = useApp()
  const [posts, setPosts] = useState<readonly Post[] | 'away'>()
  useEffect(() => {
    const load = async (): Promise<void> => setPosts((await personal.saved()) ?? 'away')
    void load()
  }, [personal, store.saved.value, store.round.value])
  const drop = async (id: string): Promise<void> => {
    if (!(await personal.save(id, false))) tell(say('failed.away'))
  }
  return (
    <div class="page">
      <PlaceHead title={say('saved.title')} />
      <div class="page-body">
        {posts === undefined && <p class="quiet">{say('loading')}</p>}
        {posts === 'away' && <p class="card quiet">{say('connection.away')}</p>}
        {posts?.length === 0 && (
          <div class="card empty-card">
            <Icon name="save" />
            <p>{say('saved.none')}</p>
          </div>
        )}
        <ul class="found">
          {Array.isArray(posts) &&
            posts.map((post: Post) => (
              <FoundPost key={post.id} post={post}>
                <button type="button" class="text-button" onClick={() => void drop(post.id)}>
                  {say('saved.drop')}
                </button>
              </FoundPost>
            ))}
        </ul>
      </div>
    </div>
  )
}

/** Where messages were that are gone: nothing goes without a word. */
import type { VNode } from 'preact'
import type { Purged } from '#web/core/purged.ts'
import { say, times } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { Icon } from './icons.tsx'

/** The line. */
export function PurgedLine({ purged }: { readonly purged: Purged }): VNode {
  return (
    <p class="purged">
      <Icon name={purged.reason === 'shown once' ? 'flame' : 'trash'} />
      <span>{useWords(purged)}</span>
    </p>
  )
}

function useWords({ messages: n, reason, by, orderedAt }: Purged): string {
  const { store } = useApp()
  const time = times().moment(orderedAt, Date.now())
  if (reason === 'retention') return say('purged.old', { n, time })
  if (reason === 'shown once') return say('purged.once', { n, time })
  const name = store.people.value.get(by)?.name
  return name === undefined ? say('purged.done', { n, time }) : say('purged.by', { n, name, time })
}

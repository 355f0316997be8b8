/** That other nodes do not take any more what is written here, as far as that is known, and how surely. */
import type { VNode } from 'preact'
import { hashOf } from '#web/core/address.ts'
import type { Standing } from '#web/core/links.ts'
import { say } from '#web/words/words.ts'
import { useApp } from './context.ts'
import { Icon } from './icons.tsx'

/** In whole sentences; undefined when nothing speaks against this node. */
export function standingWords(standing: Standing): string | undefined {
  switch (standing.kind) {
    case 'in':
      return undefined
    case 'out':
      return say('link.revoked')
    case 'refused':
      return say('link.refused', { node: standing.from || say('link.somebody') })
    case 'expired':
      return say('link.expired', { node: standing.from || say('link.somebody') })
  }
}

/** Above the messages of a channel, for whoever writes there. */
export function StandingLine(): VNode | null {
  const { store } = useApp()
  const words = standingWords(store.standing.value)
  if (words === undefined) return null
  return (
    <p class="standing warning with-icon" role="alert">
      <Icon name="warning" />
      <a href={hashOf({ kind: 'link' })}>{words}</a>
    </p>
  )
}

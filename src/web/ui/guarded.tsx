/**
 * What is to be looked at and not taken away: it cannot be marked, copied, dragged, saved from a menu or printed, and is blurred while
 * the page is not in focus. A camera, and who has the browser's tools, sees it all the same.
 */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** The guard. */
export function Guarded({ children }: { readonly children: ComponentChildren }): VNode {
  const [isSeen, setSeen] = useState(() => isInFocus())
  useEffect(() => {
    const look = (): void => setSeen(isInFocus())
    const stop = new AbortController()
    const { signal } = stop
    for (const name of ['focus', 'blur']) addEventListener(name, look, { signal })
    document.addEventListener('visibilitychange', look, { signal })
    return () => stop.abort()
  }, [])
  return (
    <div
      class="guarded"
      data-seen={String(isSeen)}
      onContextMenu={refuse}
      onCopy={refuse}
      onCut={refuse}
      onDragStart={refuse}
    >
      {children}
    </div>
  )
}

function isInFocus(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus()
}

function refuse(event: Event): void {
  event.preventDefault()
}

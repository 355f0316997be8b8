/** For whoever runs the kit: a page for each kind of work, as tabs. */
import type { VNode } from 'preact'
import { hashOf, OPERATOR_PAGES, type OperatorPage } from '#web/core/address.ts'
import type { Key } from '#web/words/en.ts'
import { say } from '#web/words/words.ts'
import { CarryingPage } from './carrying.tsx'
import { PeoplePage } from './operator-people.tsx'
import { PlaceHead } from './place-head.tsx'
import { PolicyPage } from './policy.tsx'

/** Its pages, in the order of their tabs: a new one stands here and in `OPERATOR_PAGES`. */
const PAGES: Readonly<Record<OperatorPage, { readonly title: Key; readonly draw: () => VNode }>> = {
  people: { title: 'operator.people', draw: () => <PeoplePage /> },
  policy: { title: 'operator.policy', draw: () => <PolicyPage /> },
  carry: { title: 'operator.carry', draw: () => <CarryingPage /> },
}

/** The place. */
export function OperatorPlace({ page }: { readonly page: OperatorPage }): VNode {
  return (
    <div class="page">
      <PlaceHead title={say('operator.title')} detail={say('operator.about')} />
      <nav class="tabs" aria-label={say('operator.title')}>
        {OPERATOR_PAGES.map((one) => (
          <a
            key={one}
            href={hashOf({ kind: 'operator', page: one })}
            aria-current={one === page ? 'page' : undefined}
          >
            {say(PAGES[one].title)}
          </a>
        ))}
      </nav>
      <div class="page-body wide" key={page}>
        {PAGES[page].draw()}
      </div>
    </div>
  )
}

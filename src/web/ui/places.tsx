/** The places beside channels, in a bundle of their own: whoever reads and writes does not wait for them. */
import type { VNode } from 'preact'
import type { Place } from '#web/core/address.ts'
import { LinkPlace } from './link.tsx'
import { OperatorPlace } from './operator.tsx'
import { PeoplePlace } from './people.tsx'
import { SavedPlace } from './saved.tsx'
import { SearchPlace } from './search.tsx'
import { SettingsPlace } from './settings.tsx'

/** One of them. */
export function PlaceOf({ at }: { readonly at: Place }): VNode | null {
  switch (at.kind) {
    case 'link':
      return <LinkPlace />
    case 'people':
      return <PeoplePlace />
    case 'search':
      return <SearchPlace />
    case 'saved':
      return <SavedPlace />
    case 'operator':
      return <OperatorPlace page={at.page} />
    case 'settings':
      return <SettingsPlace />
    case 'channel':
    case 'home':
      return null
  }
}

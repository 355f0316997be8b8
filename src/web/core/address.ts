/** Where in the app somebody is, as the part of the address behind `#`: so that back, reload and links work. */

/** Pages for whoever runs the kit; the first is where one comes to. */
export const OPERATOR_PAGES = ['people', 'policy', 'carry'] as const

/** One of them. */
export type OperatorPage = (typeof OPERATOR_PAGES)[number]

/** A place in the app. */
export type Place =
  | { readonly kind: 'home' }
  | { readonly kind: 'channel'; readonly channelId: string; readonly threadId?: string }
  | { readonly kind: 'link' }
  | { readonly kind: 'people' }
  | { readonly kind: 'search' }
  | { readonly kind: 'saved' }
  | { readonly kind: 'operator'; readonly page: OperatorPage }
  | { readonly kind: 'settings' }

const ID = /^[a-z0-9]{26}$/

/** The place of an address; anything unknown is home. */
export function placeFrom(hash: string): Place {
  const [kind = '', first = '', second = ''] = hash.replace(/^#\/?/, '').split('/')
  switch (kind) {
    case 'c':
      if (!ID.test(first)) return { kind: 'home' }
      return ID.test(second)
        ? { kind: 'channel', channelId: first, threadId: second }
        : { kind: 'channel', channelId: first }
    case 'link':
    case 'people':
    case 'search':
    case 'saved':
    case 'settings':
      return { kind }
    case 'operator':
      return { kind, page: OPERATOR_PAGES.find((page) => page === first) ?? OPERATOR_PAGES[0] }
    default:
      return { kind: 'home' }
  }
}

/** The address of a place. */
export function hashOf(place: Place): string {
  if (place.kind === 'home') return '#/'
  if (place.kind === 'operator') return `#/operator/${place.page}`
  if (place.kind !== 'channel') return `#/${place.kind}`
  const thread = place.threadId === undefined ? '' : `/${place.threadId}`
  return `#/c/${place.channelId}${thread}`
}

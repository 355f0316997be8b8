/** Lists that end: one page of anything that is held whole. A page past the end is empty; page -1 is everything. */
import { z } from 'zod'
import { wholeNumber } from '#server/input.ts'
import { PAGE_ITEMS_MAX } from '#server/limits.ts'

/** Which page is asked for. */
export interface PageQuery {
  readonly page: number
  readonly per_page: number
}

/** The query of a paged list. */
export const PageQuery = z.object({ page: wholeNumber(0), per_page: wholeNumber(60) })

/** The items of that page. Sizes out of bounds are brought within them, as Mattermost does. */
export function pageOf<T>(items: readonly T[], query: PageQuery): readonly T[] {
  if (query.page === -1) return items
  const size = Math.min(Math.max(query.per_page, 1), PAGE_ITEMS_MAX)
  const from = Math.max(query.page, 0) * size
  return items.slice(from, from + size)
}

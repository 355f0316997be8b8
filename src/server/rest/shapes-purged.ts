/** What was purged, as Mattermost clients read it: posts that were deleted, and in their props by whose order, when and why. */
import type { PurgeOrderPicture } from '#app/purge-types.ts'

/** A place where messages were. */
export type PurgedPost = PurgeOrderPicture['places'][number] & {
  readonly order: PurgeOrderPicture
}

/** A list of posts with these among the others. Nobody knows any more who wrote them. */
export function withPurged(list: object, purged: readonly PurgedPost[]): object {
  const { order = [], posts = {} } = list as { readonly order?: readonly string[]; posts?: object }
  const shown = Object.fromEntries(purged.map((one) => [one.id, postFrom(one)]))
  return { ...list, order: [...order, ...Object.keys(shown)], posts: { ...shown, ...posts } }
}

function postFrom({ id, at, messages, order }: PurgedPost): object {
  return {
    id,
    create_at: at,
    update_at: order.at,
    edit_at: 0,
    delete_at: order.orderedAt,
    is_pinned: false,
    user_id: '',
    channel_id: order.channel,
    root_id: '',
    original_id: '',
    message: '',
    type: '',
    props: {
      holdfast_purged: {
        messages,
        reason: order.reason,
        by: order.by ?? '',
        at: order.orderedAt,
      },
    },
    hashtags: '',
    file_ids: [],
    pending_post_id: '',
    remote_id: '',
    reply_count: 0,
    last_reply_at: 0,
    participants: null,
    metadata: {},
  }
}

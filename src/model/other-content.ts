/** Kinds of entries that have files of their own, as one: their numbers, their readers, their items. */
import {
  AUDIT_KIND_NUMBER,
  AUDIT_READERS,
  auditFields,
  type AuditContent,
} from './audit-content.ts'
import {
  DICTIONARY_KIND_NUMBER,
  DICTIONARY_READERS,
  dictionaryFields,
  type DictionaryContent,
} from './dictionary-content.ts'
import { isKeyContent, KEY_KIND_NUMBER, KEY_READERS, keyFields } from './key-content.ts'
import type { KeyContent } from './key-content.ts'
import type { Fields } from './fields.ts'
import {
  isPersonContent,
  PERSON_KIND_NUMBER,
  PERSON_READERS,
  personFields,
  type PersonContent,
} from './person-content.ts'
import {
  POLICY_KIND_NUMBER,
  POLICY_READERS,
  policyFields,
  type PolicyContent,
} from './policy-content.ts'
import {
  PURGE_KIND_NUMBER,
  PURGE_READERS,
  purgeFields,
  type PurgeContent,
} from './purge-content.ts'

/** An entry of one of these kinds. */
export type OtherContent =
  AuditContent | DictionaryContent | KeyContent | PersonContent | PolicyContent | PurgeContent

/** Their numbers. */
export const OTHER_KIND_NUMBER = {
  ...DICTIONARY_KIND_NUMBER,
  ...KEY_KIND_NUMBER,
  ...PERSON_KIND_NUMBER,
  ...AUDIT_KIND_NUMBER,
  ...POLICY_KIND_NUMBER,
  ...PURGE_KIND_NUMBER,
} as const

/** Reads the items of such an entry after the head. */
export const OTHER_READERS: Readonly<Record<number, (fields: Fields) => OtherContent | undefined>> =
  {
    ...KEY_READERS,
    ...AUDIT_READERS,
    ...DICTIONARY_READERS,
    ...PERSON_READERS,
    ...POLICY_READERS,
    ...PURGE_READERS,
  }

/** Whether an entry is one of these. */
export function isOther(content: { readonly kind: string }): content is OtherContent {
  return Object.hasOwn(OTHER_KIND_NUMBER, content.kind)
}

/** The items of an entry after its head. */
export function otherFields(content: OtherContent): readonly unknown[] {
  if (isKeyContent(content)) return keyFields(content)
  if (isPersonContent(content)) return personFields(content)
  if (content.kind === 'audit') return auditFields(content)
  if (content.kind === 'purge') return purgeFields(content)
  return content.kind === 'policy' ? policyFields(content) : dictionaryFields(content)
}

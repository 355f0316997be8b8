/** How large the policy may get. Every rule is looked at for every decision, so their sum is bounded, too. */

/** Levels of clearance and classification. */
export const LEVELS_MAX = 16
/** Attributes of one person or label, and values of one of them. */
export const ATTRIBUTES_MAX = 16
/** Values of one attribute. */
export const ATTRIBUTE_VALUES_MAX = 32
/** Longest value. */
export const ATTRIBUTE_CHARACTERS_MAX = 64
/** Rules that may be set here; what came in from elsewhere counts beyond that, too. */
export const RULES_MAX = 64
/** Actions that one rule names, and permissions of one role. */
export const RULE_ACTIONS_MAX = 64
/** Conditions in one list, and how deep they may be nested. */
export const CONDITIONS_MAX = 32
/** How deep conditions may be nested. */
export const CONDITION_DEPTH_MAX = 8
/** Days after which what is shown once goes, opened or not, where nothing is said of it. */
export const ONCE_DAYS = 7
/** Days that messages may be kept at most before they are purged; for longer, they are kept for ever. */
export const RETENTION_DAYS_MAX = 36_500

/** What simulated people say and what things are called: few names, so that nodes that are apart choose the same. */

/** Names under which people are enrolled. */
export const USERNAMES = ['chen', 'dara', 'emil', 'farid', 'bo'] as const

/** Names of channels. */
export const CHANNEL_NAMES = ['ops', 'medical', 'water', 'convoy', 'radio', 'night-shift'] as const

/** Names of reactions. */
export const EMOJI = ['eyes', 'white_check_mark', 'thumbsup'] as const

/** Messages, in several scripts. */
export const PHRASES = [
  'Convoy has passed the bridge, two trucks wait for fuel',
  'Need 40 blankets at the school before dark',
  'Roger',
  'Die Strecke nach Norden ist wieder frei, aber nur für leichte Fahrzeuge',
  'Le puits du camp est sec depuis ce matin, il faut un camion-citerne',
  'الطريق مغلق عند الجسر، خذوا الطريق الجنوبي',
  'Генератор работает, топлива на шесть часов',
  'Medical: three patients stable, one needs transport',
  '道路は通行止めです',
  '@bo please look at the pump when you are back',
  '@amira the list is complete',
  'Before we leave:\n- [ ] fuel\n- [ ] water for six\n- [ ] maps\nand then the bridge',
] as const

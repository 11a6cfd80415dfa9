import { randomIndex } from '#/lib/secrets'

const ADJECTIVES = [
  'able airy amber ample apt azure balanced bold brave breezy brief bright brisk bronze calm candid',
  'careful cheerful chilly classic clean clear clever cloudy coastal comfy compact cool copper coral',
  'cosmic cosy crimson crisp curious daily dapper daring deep dewy distant dreamy dusty eager early',
  'earnest eastern easy elegant emerald faithful famous fancy fearless festive fluffy fragrant fresh',
  'friendly frosty gentle gifted glad gleaming global golden graceful grand green handy happy hardy',
  'helpful hidden honest humble indigo ivory jolly jovial keen kind lasting lemony light lively loyal',
  'lucky lunar magenta mellow merry mighty mild mindful misty modest musical neat nimble noble northern',
  'olive open orange patient peaceful pearly plucky polished proud quick quiet radiant rapid ready',
  'robust rosy rustic serene shiny silver simple sincere sleek smart snowy solid sunny',
].flatMap((line) => line.split(' '))

const NOUNS = [
  'acorn anchor apple apricot aspen badger bakery bamboo beacon beaver birch bison blossom bridge brook',
  'cabin canoe canyon castle cedar cherry clover comet compass cottage cricket dolphin dragonfly dune',
  'eagle ember falcon feather fern fiddle firefly forest fountain fox galaxy garden glacier guitar',
  'harbour hazel heron hill iris island jasmine kayak kettle kite lagoon lantern lark laurel lighthouse',
  'lily lynx maple marble meadow mill mint moose mountain nectar nutmeg oasis orchard orchid otter owl',
  'panda parrot peach pebble pelican piano pine planet pond poppy prairie puffin rabbit raven river',
  'robin rocket sail saffron sparrow spruce star stream sunrise tiger tulip valley violin walnut willow',
].flatMap((line) => line.split(' '))

/** Returns one of `words`, each as likely as any other. */
const pick = (words: readonly string[]): string => words[randomIndex(words.length)] ?? ''

/**
 * Returns two random words that a person compares on screen and in a mail (docs/contract/account.md §5).
 * @returns a capitalised adjective and a noun
 */
export function securityPhrase(): string {
  const adjective = pick(ADJECTIVES)
  return `${adjective.charAt(0).toUpperCase()}${adjective.slice(1)} ${pick(NOUNS)}`
}

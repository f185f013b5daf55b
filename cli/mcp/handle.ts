import { randomInt } from "node:crypto";

/** Short, unlike each other when misheard, and none that a person would mind being called. */
const FIRST =
  "amber aspen autumn azure birch breezy bright brisk cedar clear clever cobalt copper coral crimson dapper dawn dusty early ember fern frost garnet gentle golden harbor hazel indigo ivory jade juniper keen lilac linen lively lunar maple marble meadow mellow misty mossy nimble noble ochre olive opal orchid pebble plucky polar prairie quiet rapid river rowan rustic saffron sandy sage silver slate solar spruce steady sunny swift tawny teal tidal timber topaz tundra umber velvet violet vivid willow winter zephyr".split(
    " ",
  );
const SECOND =
  "badger bear beaver bison bobcat condor crane curlew deer dolphin dove eagle egret elk ermine falcon ferret finch fox gecko gibbon grouse gull hare hawk heron ibex ibis jackal jay kestrel kite koala lark lemur leopard lion lizard llama lynx magpie marlin marmot marten mink moose newt ocelot orca oriole osprey otter owl panda panther pelican pika plover puffin puma quail raven robin salmon seal shrike sparrow stork swan swift tapir tern thrush tiger toucan trout turtle viper vole walrus weasel whale wolf wombat wren yak zebra".split(
    " ",
  );

/**
 * A handle such as `harbor-lynx` for a tab that was given none: one of about 7,000.
 * Two tabs that draw the same one would share it; `--as` or `COORD_AS` settles it.
 * @param pick answers an integer from 0 up to, and without, its argument.
 */
export function generateHandle(pick: (below: number) => number = randomInt): string {
  return `${FIRST[pick(FIRST.length)]}-${SECOND[pick(SECOND.length)]}`;
}

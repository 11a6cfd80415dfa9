/** Variables by which build servers are known; their logs are read by others than who deploys. */
const CI_VARIABLES = [
  ...['CI', 'GITHUB_ACTIONS', 'GITLAB_CI', 'WORKERS_CI', 'CF_PAGES', 'TF_BUILD', 'BUILDKITE'],
  ...['CIRCLECI', 'TRAVIS', 'JENKINS_URL', 'TEAMCITY_VERSION', 'BITBUCKET_BUILD_NUMBER'],
  ...['CODEBUILD_BUILD_ID', 'DRONE', 'APPVEYOR', 'NETLIFY', 'VERCEL'],
]

/** Checks whether a tool runs on a build server. */
export const isCi = () =>
  CI_VARIABLES.some((name) => !['', '0', 'false'].includes(process.env[name] ?? ''))

const concealed = new Set<string>()

/** Shorter values stand in too many other words to be taken out. */
const MIN_LENGTH = 6

/** Has values taken out of everything that is printed from now on. */
export function conceal(...values: readonly (string | undefined)[]) {
  for (const value of values) {
    if (value === undefined || value.trim().length < MIN_LENGTH) continue
    // Also as URLs, JSON and shells print it.
    const spellings = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]
    for (const spelling of spellings) concealed.add(spelling)
    if (URL.canParse(value)) conceal(decodeURIComponent(new URL(value).password))
  }
}

const withoutSecrets = (text: string) =>
  [...concealed]
    .sort((a, b) => b.length - a.length)
    .reduce((left, value) => left.replaceAll(value, '[redacted]'), text)

/** Prints text without what is concealed. Tools print in no other way. */
export const print = (text: string) => console.log(withoutSecrets(text))
export const printError = (text: string) => console.error(withoutSecrets(text))

/** Prints the one secret that its owner must see: once, and never where others read along. */
export function printOnce(text: string) {
  if (isCi()) throw new Error('A secret is not printed on a build server.')
  console.log(text)
}

// The jobs of every client, by Job DSL: a folder a client, in it the jobs that infra/jenkins.py and casc/access.yaml
// know by name. LANDFALL_CLIENTS is a JSON list; README.md has its fields.
/* groovylint-disable CompileStatic, DuplicateStringLiteral, NestedBlockDepth */
import groovy.json.JsonSlurperClassic

/** The client's settings, checked and with their defaults. */
Map checked(Map client) {
    for (String field in ['client', 'scm', 'repository']) {
        if (!client[field]) {
            throw new IllegalArgumentException("LANDFALL_CLIENTS: a client has no '${field}': ${client}")
        }
    }
    String slug = client.client
    String address = client.repository
    List<List> rules = [
        [slug ==~ /[a-z][a-z0-9-]*/, "'${slug}' is no slug; the clouds trust it by name"],
        [address ==~ 'https://[^/@]+/.+/[^/]+', "'${address}' is not like https://HOST/OWNER/NAME"],
        [client.scm in ['github', 'gitlab'], "scm is '${client.scm}'; github or gitlab"],
        // Job DSL cannot write whom GitLab's trait trusts (JENKINS-26535), and without that it would not be nobody.
        [!client.forks || client.scm == 'github', "${slug}: forks are built from github only"],
    ]
    List broken = rules.find { List rule -> !rule[0] }
    if (broken) {
        throw new IllegalArgumentException("LANDFALL_CLIENTS: ${broken[1]}")
    }
    List<String> path = (address - ~/^https:\/\/[^\/]+\// - ~/\.git$/).tokenize('/')
    return [branch: 'main', forks: false, name: client.client, server: 'default'] + client +
        [owner: path[0..-2].join('/'), project: path[-1]]
}

/** Where a multibranch job looks: the deploy branch and, where `changes`, pull requests. */
Closure onGithub(Map client, String job, String heads, boolean changes) {
    return {
        github {
            id("landfall-${client.client}-${job}")    // constant: else every start builds every branch
            repoOwner(client.owner)
            repository(client.project)
            repositoryUrl(client.repository)
            configuredByUrl(true)
            credentialsId('landfall-scm-read')
            traits {
                gitHubBranchDiscovery {
                    strategyId(3)                     // all: a pull request from main must not hide main
                }
                if (changes) {
                    gitHubPullRequestDiscovery {
                        strategyId(1)                 // as it would be merged
                    }
                }
                if (changes && client.forks) {
                    gitHubForkDiscovery {
                        strategyId(1)
                        trust {
                            gitHubTrustNobody()       // the target branch's Jenkinsfile, never the fork's
                        }
                    }
                }
                headWildcardFilter {
                    includes(heads)
                    excludes('')
                }
            }
        }
    }
}

/** The same on GitLab. */
Closure onGitlab(Map client, String job, String heads, boolean changes) {
    return {
        gitlab {
            id("landfall-${client.client}-${job}")
            serverName(client.server)
            projectOwner(client.owner)
            projectPath("${client.owner}/${client.project}")
            credentialsId('landfall-scm-read')
            traits {
                gitLabBranchDiscovery {
                    strategyId(3)
                }
                if (changes) {
                    gitLabOriginDiscovery {
                        strategyId(1)
                    }
                }
                headWildcardFilter {
                    includes(heads)
                    excludes('')
                }
            }
        }
    }
}

// Multibranch: `infra` builds the deploy branch and pull requests, `pipelines` the deploy branch alone.
Map<String, Map> branching = [
    infra: [script: 'Jenkinsfile', changes: true, what: 'Plans of pull requests; the branch is applied'],
    pipelines: [script: 'ci/pipelines/pipelines.Jenkinsfile', changes: false, what: 'Contracts, staging, the code'],
]
// One pipeline each, always the deploy branch's: their tokens are trusted by the name of the job. Triggers, parameters
// and limits stand here as well as in the pipeline, word for word (a test compares them): a start of Jenkins writes each
// job anew as it is here, and what only a build would have set, a nightly's clock above all, would be gone until the next.
Map<String, Map> plain = [
    nightly: [what: 'Drift, waivers, cost, known holes', keep: '60', clock: 'H 2 * * *', asks: [
        STACKS: 'stacks, parted by blanks; empty: all that a build applied',
    ]],
    destroy: [what: 'Destroys a stack that a release before has marked', keep: '100', asks: [
        STACK: 'the stack to destroy',
        AGAIN: 'its name once more',
    ]],
    upgrade: [what: 'A new version of the blueprint, stack by stack', keep: '50', asks: [:]],
    ml: [what: 'A month\'s model, from data to promotion', keep: '60', asks: [
        STACK: 'the stack in stacks/',
        MONTH: 'the month, YYYY-MM',
    ]],
    rollback: [what: 'An earlier model becomes champion again', keep: '60', asks: [
        STACK: 'the stack in stacks/',
        TO: 'an earlier version; empty: the champion before this one',
        WHY: 'the reason, kept in the record',
    ]],
]

for (Map given in (List<Map>) new JsonSlurperClassic().parseText(LANDFALL_CLIENTS)) {
    Map client = checked(given)

    folder(client.client) {
        displayName(client.name)
        description('Made by ci/jenkins/jobs/seed.groovy: what is changed here by hand is undone.')
    }

    branching.each { String job, Map made ->
        String changes = made.changes ? client.scm == 'github' ? ' PR-*' : ' MR-*' : ''
        String heads = client.branch + changes
        Closure where = client.scm == 'github' ? onGithub(client, job, heads, made.changes)
            : onGitlab(client, job, heads, made.changes)
        multibranchPipelineJob("${client.client}/${job}") {
            displayName(job)
            description(made.what)
            branchSources {
                branchSource {
                    source(where)
                }
            }
            factory {
                workflowBranchProjectFactory {
                    scriptPath(made.script)
                }
            }
            triggers {
                periodicFolderTrigger {
                    interval('15m')                   // where webhooks cannot come in
                }
            }
            orphanedItemStrategy {
                discardOldItems {
                    daysToKeep(30)                    // the proof of a merged change stays a month
                    numToKeep(200)
                }
            }
        }
    }

    plain.each { String job, Map made ->
        pipelineJob("${client.client}/${job}") {
            displayName(job)
            description(made.what)
            parameters {
                made.asks.each { String asked, String told -> stringParam(asked, '', told) }
            }
            properties {
                disableConcurrentBuilds {
                    abortPrevious(false)
                }
                buildDiscarder {
                    strategy {
                        logRotator {
                            daysToKeepStr('')
                            numToKeepStr(made.keep)
                            artifactDaysToKeepStr('')
                            artifactNumToKeepStr('')
                        }
                    }
                }
                if (made.clock) {
                    pipelineTriggers {
                        triggers {
                            cron {
                                spec(made.clock)
                            }
                        }
                    }
                }
            }
            definition {
                cpsScm {
                    scm {
                        git {
                            remote {
                                url(client.repository)
                                credentials('landfall-scm-read')
                            }
                            branch("refs/heads/${client.branch}")
                        }
                    }
                    scriptPath("ci/pipelines/${job}.Jenkinsfile")
                    lightweight(true)
                }
            }
        }
    }
}

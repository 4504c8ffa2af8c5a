// The jobs of every client, by Job DSL: a folder a client, in it the jobs that infra/jenkins.py and casc/access.yaml
// know by name. LANDFALL_CLIENTS is a JSON list; README.md has its fields.
import groovy.json.JsonSlurperClassic

List<Map> clients = new JsonSlurperClassic().parseText(LANDFALL_CLIENTS) as List<Map>

for (Map client in clients) {
    for (String field in ['client', 'scm', 'repository']) {
        if (!client[field]) {
            throw new IllegalArgumentException("LANDFALL_CLIENTS: a client has no '${field}': ${client}")
        }
    }
    if (!(client.client ==~ /[a-z][a-z0-9-]*/)) {
        throw new IllegalArgumentException("LANDFALL_CLIENTS: '${client.client}' is no slug; the clouds trust it by name")
    }
    if (!(client.repository ==~ 'https://[^/@]+/.+/[^/]+')) {
        throw new IllegalArgumentException("LANDFALL_CLIENTS: '${client.repository}' is not like https://HOST/OWNER/NAME")
    }
    String slug = client.client
    String deployed = client.branch ?: 'main'            // the intent's jenkins.branch
    List<String> path = (client.repository - ~/^https:\/\/[^\/]+\// - ~/\.git$/).tokenize('/')
    String owner = path[0..-2].join('/')
    String name = path[-1]
    boolean forks = client.forks ?: false                // whether strangers' code is built at all

    folder(slug) {
        displayName(client.name ?: slug)
        description('Made by ci/jenkins/jobs/seed.groovy: what is changed here by hand is undone.')
    }

    // Multibranch: `infra` builds the deploy branch and pull requests, `pipelines` the deploy branch alone.
    Map<String, Map> branching = [
        infra: [script: 'Jenkinsfile', changes: true, what: 'Infrastructure: plans of pull requests; the branch is applied'],
        pipelines: [script: 'ci/pipelines/pipelines.Jenkinsfile', changes: false, what: 'Contracts, a month on staging, the code'],
    ]
    branching.each { String job, Map made ->
        String heads = made.changes ? "${deployed} ${client.scm == 'gitlab' ? 'MR-*' : 'PR-*'}" : deployed
        multibranchPipelineJob("${slug}/${job}") {
            displayName(job)
            description(made.what)
            branchSources {
                branchSource {
                    source {
                        if (client.scm == 'github') {
                            github {
                                id("landfall-${slug}-${job}")       // constant: else every start builds every branch
                                repoOwner(owner)
                                repository(name)
                                repositoryUrl(client.repository)
                                configuredByUrl(true)
                                credentialsId('landfall-scm-read')
                                traits {
                                    gitHubBranchDiscovery {
                                        strategyId(3)               // all: a pull request from main must not hide main
                                    }
                                    if (made.changes) {
                                        gitHubPullRequestDiscovery {
                                            strategyId(1)           // as it would be merged
                                        }
                                    }
                                    if (made.changes && forks) {
                                        gitHubForkDiscovery {
                                            strategyId(1)
                                            trust {
                                                gitHubTrustNobody() // the target branch's Jenkinsfile, never the fork's
                                            }
                                        }
                                    }
                                    headWildcardFilter {
                                        includes(heads)
                                        excludes('')
                                    }
                                }
                            }
                        } else if (client.scm == 'gitlab') {
                            gitlab {
                                id("landfall-${slug}-${job}")
                                serverName(client.server ?: 'default')
                                projectOwner(owner)
                                projectPath("${owner}/${name}")
                                credentialsId('landfall-scm-read')
                                traits {
                                    gitLabBranchDiscovery {
                                        strategyId(3)
                                    }
                                    if (made.changes) {
                                        gitLabOriginDiscovery {
                                            strategyId(1)
                                        }
                                    }
                                    if (made.changes && forks) {
                                        gitLabForkDiscovery {
                                            strategyId(1)
                                            trust {
                                                gitLabTrustNobody()
                                            }
                                        }
                                    }
                                    headWildcardFilter {
                                        includes(heads)
                                        excludes('')
                                    }
                                }
                            }
                        } else {
                            throw new IllegalArgumentException("LANDFALL_CLIENTS: scm is '${client.scm}'; github or gitlab")
                        }
                    }
                }
            }
            factory {
                workflowBranchProjectFactory {
                    scriptPath(made.script)
                }
            }
            triggers {
                periodicFolderTrigger {
                    interval('15m')                                 // where webhooks cannot come in
                }
            }
            orphanedItemStrategy {
                discardOldItems {
                    daysToKeep(30)                                  // the proof of a merged change stays a month
                    numToKeep(200)
                }
            }
        }
    }

    // One pipeline each, always the deploy branch's: their tokens are trusted by the name of the job.
    Map<String, String> plain = [
        nightly: 'Drift, waivers, cost, known holes',
        destroy: 'Destroys a stack that a release before has marked',
        upgrade: 'A new version of the blueprint, stack by stack',
        ml: 'A month\'s model, from data to promotion',
        rollback: 'An earlier model becomes champion again',
    ]
    plain.each { String job, String what ->
        pipelineJob("${slug}/${job}") {
            displayName(job)
            description(what)
            definition {
                cpsScm {
                    scm {
                        git {
                            remote {
                                url(client.repository)
                                credentials('landfall-scm-read')
                            }
                            branch("refs/heads/${deployed}")
                        }
                    }
                    scriptPath("ci/pipelines/${job}.Jenkinsfile")
                    lightweight(true)
                }
            }
        }
    }
}

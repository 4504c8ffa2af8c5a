/**
 * One build: its environment, its parameters, what it did, and the workspaces of its agents.
 *
 * Every step that runs is one row of `log`: the step, its arguments, the stage, the agent, the credentials and locks
 * that are held. Leaves out what Jenkins does beside the pipeline: queues, logs, permissions.
 */
class Build {
    Map scenario
    Map env = [:]
    Map params = [:]
    List<Map> log = []
    List<Map> stages = []
    String result = null            // worst so far; null is SUCCESS
    String failure = null           // the first reason
    Map currentBuild
    String stage = ''
    List<Map> nodes = []            // agents that are held, innermost last: [label, files, folder]
    List<String> credentials = []
    List<String> locks = []
    int timeouts = 0
    Map<String, Map> stashes = [:]
    int preempted = 0
    int agents = 0                  // how many were held so far
    int checkouts = 0               // of a branch's newest commit

    Build(Map scenario) {
        this.scenario = scenario
        env = new EnvVars([BUILD_URL: 'https://jenkins.example.com/job/x/7/', BUILD_NUMBER: '7', JOB_NAME: 'acme/infra/main'] + (scenario.env ?: [:]))
        currentBuild = new CurrentBuild(this)
    }

    void worse(String than) {
        List<String> order = [null, 'SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']
        if (order.indexOf(than) > order.indexOf(result)) {
            result = than
        }
    }

    Map note(String step, Object arguments) {
        Map row = [step: step, args: arguments, stage: stage, node: nodes ? nodes[-1].label : null,
                   credentials: credentials.collect(), locks: locks.collect()]
        log << row
        return row
    }

    Map node(String step) {
        if (!nodes) {
            throw new StepFailed("Required context class hudson.FilePath is missing: `${step}` needs an agent")
        }
        return nodes[-1]
    }

    /** The environment that a command of the build sees. */
    Map environment() {
        return env.all()
    }
}

/** `env`: read as properties, written by `environment` blocks and withEnv. */
class EnvVars extends LinkedHashMap {
    EnvVars(Map start) { start.each { key, value -> if (value != null) { put(key, value.toString()) } } }
    Object put(Object key, Object value) { return super.put(key.toString(), value?.toString()) }
    Map<String, String> all() { return new LinkedHashMap(this) }
}

/** `currentBuild`. */
class CurrentBuild extends LinkedHashMap {
    private final Build build
    CurrentBuild(Build build) { this.build = build }
    Object get(Object name) {
        switch (name) {
            case 'result': return build.result
            case 'currentResult': return build.result ?: 'SUCCESS'
            default: return super.get(name)
        }
    }
    Object put(Object name, Object value) {
        if (name == 'result') { build.worse(value as String); return null }
        return super.put(name, value)
    }
}

import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic

/**
 * The steps that pipelines may call, each as its plugin has it. A step that is not here does not exist: a typing error
 * fails the scenario as it fails the build. Named arguments that a step does not know are errors too.
 *
 * `sh` is answered by the scenario (`answers`: the first all of whose `match` are found in the line); what it has no answer
 * to is `{}` with exit code 0 or, where the scenario says `shell: true`, bash's in the agent's own folder below `workspaces`, which
 * `checkout` fills by the command `prepare`.
 */
class Steps {
    private final Build build
    private final Library library

    private static final Map<String, List<String>> KNOWN = [
        archiveArtifacts: ['artifacts', 'allowEmptyArchive', 'fingerprint', 'excludes'],
        choice: ['name', 'choices', 'description'], catchError: ['buildResult', 'stageResult', 'message', 'catchInterruptions'],
        checkout: ['scm'], deleteDir: [], echo: ['message'], error: ['message'],
        file: ['credentialsId', 'variable'], string: ['credentialsId', 'variable', 'name', 'defaultValue', 'description', 'trim'],
        usernamePassword: ['credentialsId', 'usernameVariable', 'passwordVariable'],
        gitUsernamePassword: ['credentialsId', 'gitToolName'],
        fileExists: ['file'], input: ['message', 'id', 'ok', 'submitter', 'submitterParameter', 'parameters'],
        junit: ['testResults', 'allowEmptyResults'], kubernetesAgent: ['handleNonKubernetes'], nonresumable: [],
        agent: [], lock: ['resource', 'label', 'quantity', 'inversePrecedence', 'variable'], mail: ['to', 'subject', 'body', 'cc', 'replyTo'],
        milestone: ['ordinal', 'label'], node: ['label'], parallel: null, pwd: ['tmp'], readFile: ['file', 'encoding'],
        readJSON: ['file', 'text', 'returnPojo'], retry: ['count', 'conditions'], sh: ['script', 'label', 'returnStdout', 'returnStatus', 'encoding'],
        script: [], sleep: ['time', 'unit'], stage: ['name'], stash: ['name', 'includes', 'excludes', 'allowEmpty'],
        timeout: ['time', 'unit', 'activity'], unstable: ['message'], unstash: ['name'],
        withCredentials: ['bindings'], withEnv: ['overrides'], writeFile: ['file', 'text', 'encoding'],
        writeJSON: ['file', 'json', 'pretty'],
    ]
    /** What a step's one unnamed argument is called. */
    private static final Map<String, String> FIRST = [
        archiveArtifacts: 'artifacts', checkout: 'scm', echo: 'message', error: 'message', fileExists: 'file', input: 'message',
        junit: 'testResults', lock: 'resource', milestone: 'ordinal', node: 'label', readFile: 'file', retry: 'count', sh: 'script',
        sleep: 'time', stage: 'name', unstable: 'message', unstash: 'name', withCredentials: 'bindings', withEnv: 'overrides',
    ]

    Steps(Build build, Library library) {
        this.build = build
        this.library = library
    }

    /** Call a step or a variable of the library. */
    Object call(String name, List given) {
        if (library.has(name)) {
            return library.call(name, given)
        }
        if (!KNOWN.containsKey(name)) {
            throw new NotAPipeline("No such DSL method '${name}': neither a step nor a variable of the library")
        }
        Closure body = given && given[-1] instanceof Closure ? given[-1] : null
        List rest = body ? given[0..<-1] : given
        Map arguments = named(name, rest)
        return "${'do' + name.capitalize()}"(arguments, body)
    }

    private static Map named(String name, List rest) {
        if (!rest) {
            return [:]
        }
        if (rest.size() > 1) {
            throw new NotAPipeline("`${name}` takes named arguments, found ${rest.size()} unnamed ones")
        }
        if (rest[0] instanceof Map) {
            Map found = rest[0] as Map
            List known = KNOWN[name]
            List strange = known == null ? [] : (found.keySet().collect { it.toString() } - known)
            if (strange) {
                throw new NotAPipeline("`${name}` knows no ${strange.join(', ')}")
            }
            return found.collectEntries { key, value -> [(key.toString()): value] }
        }
        if (!FIRST[name]) {
            throw new NotAPipeline("`${name}` takes no unnamed argument")
        }
        return [(FIRST[name]): rest[0]]
    }

    // --- what a step does ---------------------------------------------------------------------------------------

    Object doEcho(Map a, Closure b) { build.note('echo', a.message.toString()); return null }
    Object doError(Map a, Closure b) { throw new StepFailed(a.message.toString()) }
    Object doMail(Map a, Closure b) { build.note('mail', texts(a)); return null }
    Object doSleep(Map a, Closure b) { build.note('sleep', texts(a)); return null }
    Object doPwd(Map a, Closure b) { return build.node('pwd').folder }
    Object doDeleteDir(Map a, Closure b) { build.node('deleteDir').files.clear(); return null }
    Object doKubernetesAgent(Map a, Closure b) { return [condition: 'kubernetesAgent'] + a }
    Object doNonresumable(Map a, Closure b) { return [condition: 'nonresumable'] }
    Object doAgent(Map a, Closure b) { return [condition: 'agent'] }
    Object doFile(Map a, Closure b) { return [kind: 'file'] + texts(a) }
    Object doString(Map a, Closure b) { return [kind: 'string'] + texts(a) }
    Object doChoice(Map a, Closure b) { return [kind: 'choice', defaultValue: a.choices[0]] + texts(a) }
    Object doUsernamePassword(Map a, Closure b) { return [kind: 'usernamePassword'] + texts(a) }
    Object doGitUsernamePassword(Map a, Closure b) { return [kind: 'gitUsernamePassword'] + texts(a) }

    Object doUnstable(Map a, Closure b) {
        build.note('unstable', a.message.toString())
        build.worse('UNSTABLE')
        return null
    }

    Object doCheckout(Map a, Closure b) {
        filled(build.node('checkout').folder.toString())
        if (a.scm instanceof Map) {    // a commit by its name: git then stands on no branch
            String commit = (a.scm.branches as List)[0].name
            build.note('checkout', commit)
            return [GIT_COMMIT: commit, GIT_BRANCH: 'detached']
        }
        build.note('checkout', 'scm')
        // A branch's newest commit, which a merge has moved on by the next time (`heads`); a multibranch job keeps to its own.
        List heads = (build.scenario.heads ?: ['c0ffee']) as List
        String commit = build.env.BRANCH_NAME ? heads[0] : heads[Math.min(build.checkouts++, heads.size() - 1)]
        return [GIT_COMMIT: commit, GIT_BRANCH: 'origin/main'] + (build.scenario.commits ?: [:])
    }

    /** The agent's folder, filled by the scenario's own command, which is handed its name. */
    private void filled(String folder) {
        if (!build.scenario.prepare) { return }
        Process process = new ProcessBuilder((build.scenario.prepare as List<String>) + [folder]).redirectErrorStream(true).start()
        String told = process.inputStream.text
        if (process.waitFor() != 0) { throw new NotAPipeline("the checkout failed: ${told}") }
    }

    Object doSh(Map a, Closure b) {
        Map node = build.node('sh')
        String line = a.script.toString()
        Map row = build.note('sh', line)
        row.told = build.env.findAll { String name, String value -> name.startsWith('LANDFALL_') }
        Map answered = answer(line)
        Map otherwise = answered == null && build.scenario.shell ? bash(line) : [code: 0, out: answered == null ? '{}' : '']
        Map told = otherwise + (answered ?: [:])
        row.code = told.code
        row.real = build.scenario.shell && answered == null
        (told.files ?: [:]).each { String file, Object content -> write(file, text(content)) }
        if (told.preempted) {
            throw new AgentLost("Agent ${node.label} was deleted; cancelling node body")
        }
        if (told.hang) {
            if (!build.timeouts) { throw new NotAPipeline("`${line}` hangs, and no timeout is around it") }
            throw new Aborted('Timeout has been exceeded', 'ExceededTimeout')
        }
        if (answered || !build.scenario.shell) {
            redirected(line).each { String file -> write(file, text(told.out)) }
        }
        if (a.returnStatus) { return told.code }
        if (told.code != 0) { throw new StepFailed("script returned exit code ${told.code}") }
        return a.returnStdout ? text(told.out) : null
    }

    private Map answer(String line) {
        List answers = build.scenario.answers ?: []
        Map found = answers.find { Map one -> (one.match as List).every { line.contains(it.toString()) } }
        if (found?.once) {
            answers.remove(found)
        }
        return found
    }

    private static List<String> redirected(String line) {
        def found = (line =~ /> '?([^'\s]+)'?$/)
        return found ? [found[0][1]] : []
    }

    private Map bash(String line) {
        ProcessBuilder builder = new ProcessBuilder('bash', '-c', line)
        builder.directory(new File(build.node('sh').folder.toString()))
        builder.environment().putAll(build.environment())
        (build.scenario.path ?: []).each { String one -> builder.environment().put('PATH', "${one}:${builder.environment().get('PATH')}".toString()) }
        File out = File.createTempFile('out', '.txt')
        File err = File.createTempFile('err', '.txt')
        Process process = builder.redirectOutput(out).redirectError(err).start()
        int code = process.waitFor()
        build.log[-1].err = err.text.readLines().takeRight(20).join('\n')
        Map told = [code: code, out: out.text]
        out.delete()
        err.delete()
        return told
    }

    private String text(Object value) {
        return value == null ? '' : value instanceof CharSequence ? value.toString() : JsonOutput.toJson(value)
    }

    private String read(String file, String step) {
        Map node = build.node(step)
        if (build.scenario.shell) {
            File there = new File(node.folder.toString(), file)
            if (!there.isFile()) { throw new StepFailed("${file} does not exist.") }
            return there.text
        }
        if (!node.files.containsKey(file)) { throw new StepFailed("${file} does not exist.") }
        return node.files[file]
    }

    Object doReadFile(Map a, Closure b) { return read(a.file.toString(), 'readFile') }

    Object doFileExists(Map a, Closure b) {
        try {
            read(a.file.toString(), 'fileExists')
            return true
        } catch (StepFailed ignored) {
            return false
        }
    }

    Object doReadJSON(Map a, Closure b) {
        String content = a.containsKey('text') ? a.text.toString() : read(a.file.toString(), 'readJSON')
        try {
            return new JsonSlurperClassic().parseText(content)
        } catch (Exception problem) {
            throw new StepFailed("${a.file ?: 'the text'} is no JSON: ${content.take(200)}")
        }
    }

    private void write(String file, String content) {
        build.node('writeFile').files[file] = content
        if (build.scenario.shell) {
            new File(build.node('writeFile').folder.toString(), file).text = content
        }
    }

    Object doWriteFile(Map a, Closure b) { write(a.file.toString(), a.text.toString()); return null }
    Object doWriteJSON(Map a, Closure b) { write(a.file.toString(), JsonOutput.toJson(a.json)); return null }

    Object doArchiveArtifacts(Map a, Closure b) {
        build.node('archiveArtifacts')
        build.note('archiveArtifacts', a.artifacts.toString())
        return null
    }

    Object doJunit(Map a, Closure b) { build.node('junit'); build.note('junit', texts(a)); return null }

    Object doStash(Map a, Closure b) {
        Map node = build.node('stash')
        build.note('stash', a.name.toString())
        String pattern = (a.includes ?: '**').toString()
        String start = pattern.contains('*') ? pattern.substring(0, pattern.indexOf('*')) : pattern
        build.stashes[a.name.toString()] = build.scenario.shell ? kept(node.folder.toString(), pattern)
            : node.files.findAll { String file, String content -> file.startsWith(start) }
        return null
    }

    Object doUnstash(Map a, Closure b) {
        Map node = build.node('unstash')
        String name = a.name.toString()
        build.note('unstash', name)
        if (!build.stashes.containsKey(name)) { throw new StepFailed("No such saved stash '${name}'") }
        node.files.putAll(build.stashes[name])
        if (build.scenario.shell) {
            build.stashes[name].each { String file, Object content ->
                File there = new File(node.folder.toString(), file)
                there.parentFile.mkdirs()
                there.bytes = content as byte[]
            }
        }
        return null
    }

    /** The files of a folder that a pattern names, by their names. */
    private static Map<String, byte[]> kept(String folder, String pattern) {
        java.nio.file.Path root = new File(folder).toPath()
        java.nio.file.PathMatcher wanted = root.fileSystem.getPathMatcher("glob:${pattern}")
        Map<String, byte[]> found = [:]
        File start = new File(folder, pattern.contains('/') ? pattern.substring(0, pattern.indexOf('/')) : '.')
        if (start.isDirectory()) {
            start.eachFileRecurse { File one ->
                java.nio.file.Path name = root.relativize(one.toPath().normalize())
                if (one.isFile() && wanted.matches(name)) { found[name.toString()] = one.bytes }
            }
        }
        return found
    }

    Object doInput(Map a, Closure b) {
        if (build.nodes) {
            build.note('waits-with-agent', build.nodes[-1].label)
        }
        build.note('input', [id: a.id.toString(), message: a.message.toString(), submitter: a.submitter?.toString()])
        Map answer = (build.scenario.inputs ?: [:])[a.id.toString()]
        if (answer == null) { throw new NotAPipeline("the scenario has no answer to input '${a.id}': ${a.message}") }
        if (answer.aborted) { throw new Aborted("Rejected by ${answer.aborted}", 'Rejection') }
        Map given = [:]
        (a.parameters ?: []).each { Map one -> given[one.name] = answer[one.name] ?: one.defaultValue }
        if (a.submitter && !answer.administrator && !a.submitter.toString().tokenize(',').contains(answer.by)) {
            throw new NotAPipeline("${answer.by} is none of ${a.submitter}: Jenkins would not take the answer")
        }
        if (a.submitterParameter) { given[a.submitterParameter.toString()] = answer.by }
        return given.size() == 1 ? given.values().first() : given
    }

    Object doMilestone(Map a, Closure b) {
        build.note('milestone', texts(a))
        if (build.scenario.superseded) { throw new Aborted('Superseded by a newer build', 'Superseded') }
        return null
    }

    // --- what a step does around a body -------------------------------------------------------------------------

    Object doNode(Map a, Closure body) {
        return onNode(a.label?.toString() ?: 'any') { run(body) }
    }

    /** Hold an agent of the label while `work` is done. */
    Object onNode(String label, Closure work) {
        build.note('node', label)
        // Each agent is a new pod with an empty disk: what a stage leaves there, no other finds.
        String folder = build.scenario.workspaces ? "${build.scenario.workspaces}/${++build.agents}" : '/home/jenkins/agent/workspace/x'
        build.nodes << [label: label, files: [:], folder: folder]
        String before = build.env.WORKSPACE
        build.env.WORKSPACE = folder
        try {
            return work()
        } finally {
            build.nodes.remove(build.nodes.size() - 1)
            if (before) { build.env.WORKSPACE = before } else { build.env.remove('WORKSPACE') }
        }
    }

    /** What `env.X = …` sets within stays afterwards, as in Jenkins, where it belongs to the build; the overrides do not. */
    Object doWithEnv(Map a, Closure body) { return overriding(a.overrides as List) { run(body) } }

    Object overriding(List overrides, Closure work) {
        List<List<String>> pairs = overrides.collect { Object one -> one.toString().split('=', 2) as List }
        List<String> names = pairs.collect { it[0].startsWith('PATH+') ? 'PATH' : it[0] }
        Map before = build.env.all().subMap(names)
        pairs.each { List<String> pair ->
            build.env[pair[0].startsWith('PATH+') ? 'PATH' : pair[0]] = pair[0].startsWith('PATH+')
                ? "${pair[1]}:${build.env.PATH ?: System.getenv('PATH')}" : pair[1]
        }
        try {
            return work()
        } finally {
            names.each { String name -> if (before[name] == null) { build.env.remove(name) } else { build.env[name] = before[name] } }
        }
    }

    Object doWithCredentials(Map a, Closure body) {
        build.node('withCredentials')
        List ids = (a.bindings as List).collect { Map one -> one.credentialsId.toString() }
        List granted = build.scenario.credentials == null ? ids : build.scenario.credentials as List
        List missing = ids - granted
        if (missing) { throw new StepFailed("Could not find credentials entry with ID '${missing[0]}'") }
        build.note('withCredentials', ids)
        build.credentials.addAll(ids)
        List variables = (a.bindings as List).findResults { Map one -> one.variable?.toString() }
        variables.each { String name -> build.env[name] = "/secret/${name}".toString() }
        try {
            return run(body)
        } finally {
            ids.each { String one -> build.credentials.remove(build.credentials.lastIndexOf(one)) }
            variables.each { String name -> build.env.remove(name) }
        }
    }

    Object doLock(Map a, Closure body) {
        build.note('lock', a.resource.toString())
        build.locks << a.resource.toString()
        List<String> told = a.variable ? ["${a.variable}=${a.resource}".toString()] : []
        try {
            return overriding(told) { run(body) }
        } finally {
            build.locks.remove(build.locks.size() - 1)
        }
    }

    Object doTimeout(Map a, Closure body) {
        build.note('timeout', texts(a))
        build.timeouts++
        try {
            return run(body)
        } finally {
            build.timeouts--
        }
    }

    Object doRetry(Map a, Closure body) {
        int count = a.count as int
        List conditions = (a.conditions ?: []) as List
        for (int turn = 1; ; turn++) {
            List nodes = build.nodes.collect()
            try {
                return run(body)
            } catch (Aborted stop) {
                throw stop
            } catch (StepFailed | AgentLost problem) {
                build.nodes = nodes
                boolean covered = !conditions || (problem instanceof AgentLost && conditions.any { Map one -> one.condition != 'nonresumable' })
                if (turn >= count || !covered) { throw problem }
                build.note('retry', problem.message)
            }
        }
    }

    Object doCatchError(Map a, Closure body) {
        try {
            return run(body)
        } catch (StepFailed | AgentLost problem) {
            build.note('caught', problem.message)
            build.worse((a.buildResult ?: 'FAILURE').toString())
            return null
        }
    }

    Object doScript(Map a, Closure body) { return run(body) }

    Object doStage(Map a, Closure body) {
        String before = build.stage
        build.stage = a.name.toString()
        build.stages << [name: build.stage, status: 'ran']
        try {
            return run(body)
        } finally {
            build.stage = before
        }
    }

    /** Branches one after the other, each to its end, as those of Jenkins do; the first failure is that of the step. */
    Object doParallel(Map a, Closure body) {
        Throwable first = null
        boolean failFast = a.remove('failFast') ?: false
        build.note('parallel', a.keySet().collect { it.toString() })
        a.each { Object name, Closure branch ->
            if (first != null && failFast) { return }
            List nodes = build.nodes.collect()
            try {
                run(branch)
            } catch (StepFailed | Aborted | AgentLost problem) {
                build.nodes = nodes
                first = first ?: problem
            }
        }
        if (first != null) { throw first }
        return null
    }

    private Object run(Closure body) {
        if (body == null) { throw new NotAPipeline('a step that wraps others has no body') }
        return library.inSteps(body)()
    }

    private static Map texts(Map a) {
        return a.collectEntries { key, value -> [(key): value instanceof CharSequence ? value.toString() : value] }
    }
}

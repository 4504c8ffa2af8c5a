/**
 * Declarative pipelines: `pipeline { … }` is read into a model by strict builders, then run stage by stage.
 *
 * As Jenkins has it: a stage's `input` is asked before `when` unless `beforeInput true`; `when` is judged on the agent
 * unless `beforeAgent true`; `post` runs always, changed, …, cleanup; a failed stage skips those after it. Sections that
 * Jenkins does not know do not exist here. Source: the Pipeline Syntax reference, 2026-11.
 */
class Declarative {
    private final Build build
    private final Library library

    Declarative(Build build, Library library) {
        this.build = build
        this.library = library
    }

    void run(Closure body) {
        Section top = new Section('pipeline', this, ['agent', 'stages', 'options', 'parameters', 'environment', 'triggers', 'post', 'libraries', 'tools'])
        top.read(body)
        ['agent', 'stages'].each { String needed ->
            if (!top.given.containsKey(needed)) { throw new NotAPipeline("Missing required section \"${needed}\"") }
        }
        parameters(top)
        build.note('options', top.given.options ?: [])
        try {
            onAgent(top, 'pipeline') {
                environment(top) { stages(top.given.stages as List<Section>) }
            }
        } catch (Exception problem) {
            failed(problem)
        }
        post(top, 'pipeline')
    }

    private void failed(Throwable problem) {
        if (problem instanceof NotAPipeline) { throw problem }
        if (!(problem instanceof StepFailed || problem instanceof Aborted || problem instanceof AgentLost)) { throw problem }
        build.failure = build.failure ?: problem.message
        build.worse(Declarative.ending(problem))
    }

    /** What Jenkins calls the end: a build that a newer one overtook was not built. */
    static String ending(Throwable problem) {
        if (!(problem instanceof Aborted)) { return 'FAILURE' }
        return problem.kind == 'Superseded' ? 'NOT_BUILT' : 'ABORTED'
    }

    private void parameters(Section top) {
        (top.given.parameters ?: []).each { Map one -> build.params[one.name] = one.defaultValue }
        (build.scenario.params ?: [:]).each { String name, Object value ->
            if (!build.params.containsKey(name)) { throw new NotAPipeline("the pipeline has no parameter ${name}") }
            build.params[name] = value
        }
    }

    private void stages(List<Section> stages) {
        Exception first = null
        for (Section one in stages) {
            if (first != null) {
                build.stages << [name: one.name, status: 'skipped for failure']
                continue
            }
            try {
                stage(one)
            } catch (StepFailed | Aborted | AgentLost problem) {
                first = problem
                build.failure = build.failure ?: problem.message
                build.worse(Declarative.ending(problem))
            }
        }
        if (first != null) { throw first }
    }

    private void stage(Section one) {
        String outer = build.stage
        build.stage = one.name
        Map row = [name: one.name, status: 'ran']
        build.stages << row
        int before = build.log.size()
        try {
            Map when = (one.given.when ?: [:]) as Map
            if (when.beforeInput && !when.holds()) { row.status = 'skipped by when'; return }
            if (one.given.input) { library.steps.call('input', [one.given.input]) }
            if (when.beforeAgent && !when.beforeInput && !when.holds()) { row.status = 'skipped by when'; return }
            onAgent(one, one.name) {
                if (when && !when.beforeAgent && !when.beforeInput && !when.holds()) { row.status = 'skipped by when'; return }
                environment(one) { body(one) }
            }
        } catch (StepFailed | Aborted | AgentLost problem) {
            row.status = 'failed'
            row.why = problem.message
            throw problem
        } finally {
            if (row.status != 'skipped by when') { post(one, one.name) }
            build.stage = outer
        }
    }

    private void body(Section one) {
        if (one.given.parallel) {
            Map branches = [:]
            (one.given.parallel as List<Section>).each { Section inner -> branches[inner.name] = { stage(inner) } }
            Exception first = null
            branches.each { String name, Closure run ->
                try {
                    run()
                } catch (StepFailed | Aborted | AgentLost problem) {
                    build.worse(Declarative.ending(problem))
                    first = first ?: problem
                }
            }
            if (first != null) { throw first }
        } else if (one.given.stages) {
            stages(one.given.stages as List<Section>)
        } else {
            library.inSteps(one.given.steps as Closure)()
        }
    }

    private void onAgent(Section one, String name, Closure run) {
        Map agent = one.given.agent as Map
        if (agent == null || agent.none) { run(); return }
        library.steps.onNode(agent.label ?: 'any', run)
    }

    private void environment(Section one, Closure run) {
        List overrides = (one.given.environment ?: [:]).collect { String key, Object value -> "${key}=${value}" }
        library.steps.overriding(overrides, run)
    }

    private void post(Section one, String name) {
        Map post = (one.given.post ?: [:]) as Map
        String result = build.result ?: 'SUCCESS'
        List<String> due = ['always']
        due << [SUCCESS: 'success', UNSTABLE: 'unstable', FAILURE: 'failure', ABORTED: 'aborted', NOT_BUILT: 'notBuilt'][result]
        if (result != 'SUCCESS') { due << 'unsuccessful' }
        ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'notBuilt', 'cleanup'].each { String condition ->
            if (post[condition] && (due.contains(condition) || condition == 'cleanup')) {
                String outer = build.stage
                build.stage = "post ${condition}".toString()
                try {
                    library.inSteps(post[condition] as Closure)()
                } catch (StepFailed | Aborted | AgentLost problem) {
                    build.note('post failed', problem.message)
                    build.worse('FAILURE')
                } finally {
                    build.stage = outer
                }
            }
        }
    }

    Object condition(String name, List given) { return new When(build, library).one(name, given) }
    Build getBuild() { return build }
    Library getLibrary() { return library }
}

/** One block that holds sections. Reading it calls its closure; what is no section of it is an error. */
class Section extends GroovyObjectSupport {
    String kind
    String name
    Map given = [:]
    private final Declarative declarative
    private final List<String> allowed
    private static final List<String> STAGE = ['agent', 'steps', 'stages', 'parallel', 'when', 'options', 'input', 'environment', 'post', 'failFast', 'tools', 'matrix']
    private static final List<String> OPTIONS = ['timeout', 'buildDiscarder', 'timestamps', 'skipDefaultCheckout', 'disableConcurrentBuilds', 'retry', 'disableResume', 'skipStagesAfterUnstable', 'quietPeriod', 'lock', 'logRotator', 'parallelsAlwaysFailFast', 'preserveStashes']
    private static final List<String> POST = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'notBuilt', 'cleanup']

    Section(String kind, Declarative declarative, List<String> allowed) {
        this.kind = kind
        this.declarative = declarative
        this.allowed = allowed
    }

    void read(Closure body) {
        Closure made = body.clone() as Closure
        made.delegate = this
        made.resolveStrategy = Closure.DELEGATE_ONLY
        made()
    }

    Object invokeMethod(String section, Object arguments) {
        List all = arguments as List
        if (kind == 'stages' || kind == 'parallel') { return stage(section, all) }
        if (!allowed.contains(section)) { throw new NotAPipeline("Unknown section \"${section}\" in ${kind} ${name ?: ''}") }
        if (given.containsKey(section)) { throw new NotAPipeline("Multiple occurrences of the ${section} section") }
        given[section] = "${'read' + section.capitalize()}"(all)
        return null
    }

    Object propertyMissing(String property) {
        if (kind == 'pipeline' || kind == 'stage') { return property }    // `agent any`, `agent none`
        return declarative.library.property(property)
    }

    private Object stage(String section, List all) {
        if (section != 'stage' || all.size() != 2) { throw new NotAPipeline("Expected a stage, found \"${section}\"") }
        Section one = new Section('stage', declarative, STAGE)
        one.name = all[0].toString()
        one.read(all[1] as Closure)
        int bodies = ['steps', 'stages', 'parallel', 'matrix'].count { String kind -> one.given.containsKey(kind) }
        if (bodies != 1) { throw new NotAPipeline("Stage \"${one.name}\" needs exactly one of steps, stages, parallel or matrix") }
        (given.list = given.list ?: []) << one
        return null
    }

    private List<Section> several(String kind, List all) {
        Section inner = new Section(kind, declarative, [])
        inner.read(all[0] as Closure)
        if (!inner.given.list) { throw new NotAPipeline("No stages in ${kind}") }
        return inner.given.list as List<Section>
    }

    Object readStages(List all) { return several('stages', all) }
    Object readParallel(List all) { return several('parallel', all) }
    Object readSteps(List all) { return all[0] }
    Object readFailFast(List all) { return all[0] }

    Object readAgent(List all) {
        if (all[0] == 'none') { return [none: true] }
        if (all[0] == 'any') { return [label: 'any'] }
        Collector found = new Collector(['label', 'kubernetes', 'node', 'docker'])
        found.read(all[0] as Closure)
        return [label: found.calls.find { it.name == 'label' }?.args?.getAt(0)?.toString() ?: 'kubernetes']
    }

    Object readOptions(List all) {
        Collector found = new Collector(OPTIONS)
        found.read(all[0] as Closure)
        return found.calls.collect { it.name }
    }

    Object readTriggers(List all) {
        Collector found = new Collector(['cron', 'pollSCM', 'upstream'])
        found.read(all[0] as Closure)
        return found.calls
    }

    Object readParameters(List all) {
        Collector found = new Collector(['string', 'booleanParam', 'choice', 'text', 'password'])
        found.read(all[0] as Closure)
        return found.calls.collect { Map one -> (one.args[0] as Map) + (one.name == 'choice' ? [defaultValue: one.args[0].choices[0]] : [:]) }
    }

    Object readEnvironment(List all) {
        Assignments found = new Assignments(declarative)
        Closure made = (all[0] as Closure).clone() as Closure
        made.delegate = found
        made.resolveStrategy = Closure.DELEGATE_FIRST
        made()
        return found.values
    }

    Object readInput(List all) {
        Collector found = new Collector(['message', 'id', 'ok', 'submitter', 'submitterParameter', 'parameters'])
        found.read(all[0] as Closure)
        return found.calls.collectEntries { Map one -> [(one.name): one.args[0]] }
    }

    Object readPost(List all) {
        Collector found = new Collector(POST)
        found.read(all[0] as Closure)
        return found.calls.collectEntries { Map one -> [(one.name): one.args[0]] }
    }

    Object readWhen(List all) { return new When(declarative.build, declarative.library).read(all[0] as Closure) }
}

/** Calls of a block, kept by name; what is not on its list is an error. */
class Collector extends GroovyObjectSupport {
    List<Map> calls = []
    private final List<String> allowed

    Collector(List<String> allowed) { this.allowed = allowed }

    void read(Closure body) {
        Closure made = body.clone() as Closure
        made.delegate = this
        made.resolveStrategy = Closure.DELEGATE_ONLY
        made()
    }

    Object invokeMethod(String name, Object arguments) {
        if (!allowed.contains(name)) { throw new NotAPipeline("Invalid \"${name}\": one of ${allowed.join(', ')} may stand here") }
        Map one = [name: name, args: arguments as List]
        calls << one
        return one
    }
}

/** `NAME = value` lines of an environment block. */
class Assignments extends GroovyObjectSupport {
    Map values = [:]
    private final Declarative declarative
    Assignments(Declarative declarative) { this.declarative = declarative }
    void propertyMissing(String name, Object value) { values[name] = value }
    Object propertyMissing(String name) { return values.containsKey(name) ? values[name] : declarative.library.property(name) }
}

/** The conditions of a `when`. */
class When extends GroovyObjectSupport {
    private final Build build
    private final Library library
    private final List<Closure> conditions = []
    private final Map flags = [:]

    When(Build build, Library library) {
        this.build = build
        this.library = library
    }

    Map read(Closure body) {
        Closure made = body.clone() as Closure
        made.delegate = this
        made.resolveStrategy = Closure.DELEGATE_ONLY
        made()
        if (!conditions) { throw new NotAPipeline('Empty when closure') }
        return flags + [holds: { -> conditions.every { Closure one -> one() } }]
    }

    Object invokeMethod(String name, Object arguments) {
        List given = arguments as List
        if (['beforeAgent', 'beforeInput', 'beforeOptions'].contains(name)) { flags[name] = given[0]; return null }
        conditions << one(name, given)
        return null
    }

    Closure one(String name, List given) {
        switch (name) {
            case 'branch': return { -> build.env.BRANCH_NAME == given[0].toString() }
            case 'changeRequest': return { -> build.env.CHANGE_ID != null }
            case 'expression': return { -> library.inSteps(given[0] as Closure)() as boolean }
            case 'environment': return { -> build.env[given[0].name] == given[0].value }
            case 'not': return { -> !inner(given[0]).every { it() } }
            case 'allOf': return { -> inner(given[0]).every { it() } }
            case 'anyOf': return { -> inner(given[0]).any { it() } }
            default: throw new NotAPipeline("Unknown conditional ${name}")
        }
    }

    private List<Closure> inner(Object body) {
        When found = new When(build, library)
        found.read(body as Closure)
        return found.conditions
    }
}

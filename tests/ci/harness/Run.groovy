/*
 * Runs scenarios: groovy -cp tests/ci/harness tests/ci/harness/Run.groovy SCENARIOS.json RESULTS.json ROOT
 *
 * A scenario is an object: `pipeline` (a file below ROOT), `env`, `params`, `answers` to `sh`, `inputs`, `credentials` that
 * exist; `shell: true`, `workspaces` and `prepare` run the lines for real, each agent in a folder of its own. A result: `result`, `failure`, `log`, `stages`.
 * By hand, see tests/ci/test_scenarios.py: pytest tests/ci -k "a pull request".
 */
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic

List scenarios = new JsonSlurperClassic().parse(new File(args[0])) as List
File root = new File(args[2])
Library.compile(new File(root, 'ci'))
Map<String, Class> pipelines = [:]
List results = scenarios.collect { Map scenario ->
    Build build = new Build(scenario)
    Library library = new Library(build)
    String failure = null
    try {
        String name = scenario.pipeline
        String text = scenario.text ?: new File(root, name).text
        Syntax.check(text, name)
        Class kind = scenario.text ? Library.compilePipeline(text, 'Scenario') : (pipelines[name] = pipelines[name] ?: Library.compilePipeline(text, name.replaceAll(/\W/, '_')))
        PipelineScript script = library.bind(kind, [:])
        script.binding.setVariable('pipeline', { Closure body -> new Declarative(build, library).run(body) })
        script.run()
    } catch (NotAPipeline problem) {
        failure = problem.message
    } catch (Throwable problem) {
        failure = "${problem.class.simpleName}: ${problem.message}\n${problem.stackTrace.findAll { it.fileName?.endsWith('.groovy') || it.className.contains('landfall') }.take(12).join('\n')}"
    }
    return [name: scenario.name, result: failure ? 'NOT A PIPELINE' : build.result ?: 'SUCCESS', failure: failure ?: build.failure,
            log: build.log, stages: build.stages]
}
new File(args[1]).text = JsonOutput.toJson(results)

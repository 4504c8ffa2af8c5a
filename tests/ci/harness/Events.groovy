// How a step ends otherwise than well. Each is an end that Jenkins tells apart.

/** A step failed: `error`, a command's exit code, a file that is not there. */
class StepFailed extends RuntimeException {
    StepFailed(String message) { super(message) }
}

/** A person or a newer build ended it: refused input, a milestone that was passed, a limit of time. */
class Aborted extends RuntimeException {
    final String kind
    Aborted(String message, String kind) {
        super(message)
        this.kind = kind
    }
}

/** The agent went away under the build. */
class AgentLost extends RuntimeException {
    AgentLost(String message) { super(message) }
}

/** The pipeline is not one that Jenkins would take. */
class NotAPipeline extends RuntimeException {
    NotAPipeline(String message) { super(message) }
}

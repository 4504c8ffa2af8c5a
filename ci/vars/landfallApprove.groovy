/** Asks a person, where one is due, holding no agent meanwhile; keeps the answer. See landfallApprove.txt. */
void call(Map config) {
    Map release = config.release
    if (!release.approval.needed) {
        echo "${release.stack}: nobody has to be asked"
        return
    }
    String folder = "releases/${release.stack}"
    landfallNotify(event: 'approval', stack: release.stack, agent: true, stash: "release-${release.stack}", release: folder)
    Map answer = [:]
    timeout(time: config.hours ?: 72, unit: 'HOURS') {    // then the build ends, and nothing was applied
        answer = input(
            id: 'approve',
            message: "Apply ${release.stack}? ${release.approval.reasons.take(5).join('; ')} (digest ${release.digest.take(12)})",
            ok: 'Apply',
            submitter: release.approval.approvers.join(','),
            submitterParameter: 'BY',
            parameters: [string(name: 'WHY', defaultValue: '', description: 'kept with the answer')],
        )
    }
    landfallAgent {
        unstash("release-${release.stack}")
        List words = ['stack', 'approve', folder, '--by', answer.BY, '--digest', release.digest]
        landfall(args: words + (answer.WHY ? ['--why', answer.WHY] : []), file: "approval-${release.stack}.json")
        archiveArtifacts(artifacts: "${folder}/approval.json")
        stash(name: "release-${release.stack}", includes: "${folder}/**")
    }
}

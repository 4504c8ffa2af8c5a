/** Asks for a yes to a release where one is due, and keeps the answer with it. See landfallApprove.txt. */
void call(Map config) {
    Map release = config.release
    if (!release.approval.needed) {
        echo "${release.stack}: nobody has to be asked"
        return
    }
    String kept = "release-${release.stack}"
    String folder = "releases/${release.stack}"
    landfallAgent {
        unstash(kept)
        landfallNotify(event: 'approval', stack: release.stack, release: folder)
    }
    Map answer = landfallAsk(id: 'approve', subject: release.stack, approval: release.approval, hours: config.hours,
                             question: "Apply ${release.stack} (digest ${release.digest.take(12)})?")
    List words = ['stack', 'approve', folder, '--by', answer.BY, '--digest', release.digest]
    words += answer.WHY ? ['--why', answer.WHY] : []
    words += answer.ANSWER == 'yes' ? [] : ['--refuse']
    landfallAgent {
        unstash(kept)
        Map made = landfall(args: words, allowed: [0, 3], file: "approval-${release.stack}.json")
        archiveArtifacts(artifacts: "${folder}/approval.json")
        if (made.code == 3) {
            landfallStop(event: 'refused', reason: "${answer.BY} refused ${release.stack}. ${answer.WHY}")
        }
        stash(name: kept, includes: "${folder}/**")
    }
}

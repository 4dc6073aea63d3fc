"""`python -m training`: the commands of `segearth train`, for programs that start modules."""

from training.commands import build_train_app

if __name__ == "__main__":
    build_train_app()()
